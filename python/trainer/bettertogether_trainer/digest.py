"""What distinguishes one adapter from another."""

from __future__ import annotations

import hashlib
from pathlib import Path

FILES = ('adapter_config.json', 'adapter_model.safetensors', 'adapter_model.bin')


def adapter_digest(folder: Path) -> str:
    """SHA-256 (hex) over the name, length and bytes of each adapter file that is there, in the order of `FILES`."""
    digest = hashlib.sha256()
    for name in FILES:
        file = folder / name
        if file.is_file():
            content = file.read_bytes()
            digest.update(f'{name} {len(content)}\n'.encode())
            digest.update(content)
    return digest.hexdigest()
