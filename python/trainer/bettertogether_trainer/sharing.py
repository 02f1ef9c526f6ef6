"""Who may read what is written: those whom the umask lets into the folder, whatever a library thinks of it."""

from __future__ import annotations

from pathlib import Path


def share_as_folder(folder: Path) -> None:
    """Gives every file below `folder` the rights of its folder, but for running it.

    safetensors gives a file to its owner alone, so that a server of another user could not load it from a shared disk.
    """
    for file in folder.rglob('*'):
        if file.is_file() and not file.is_symlink():
            file.chmod(file.parent.stat().st_mode & 0o666)
