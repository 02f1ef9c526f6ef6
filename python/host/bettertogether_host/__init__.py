"""Runs a user's DSPy program for BetterTogether, over JSON-RPC on the process's own stdin and stdout."""
