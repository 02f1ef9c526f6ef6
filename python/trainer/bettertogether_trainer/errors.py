"""The two ways in which a job ends without an adapter."""


class TrainerError(Exception):
    """Something the caller can act on: its message names the key, file or row and what is allowed."""


class JobCancelled(Exception):
    """The job was cancelled, or no one is left to train for."""
