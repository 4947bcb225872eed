"""Where compiled kernels are kept, so that no old one answers for new code."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

HOME = "NUMBA_CACHE_DIR"


def keep_kernels_apart() -> None:
    """
    Give the kernels of this state of the code a cache of their own, before Numba is imported.

    Numba compiles anew when the file of a kernel changes, but not when another file does whose
    kernel it calls; after an update it would go on with the old one without a word. The name of the
    cache holds a hash of every file with kernels. A cache that the user has chosen stays.
    """
    if HOME not in os.environ:
        root = Path(__file__).parent
        os.environ[HOME] = str(root / "__pycache__" / f"kernels-{kernels_hash(root)}")


def kernels_hash(root: Path) -> str:
    """Return the hash of all files below a folder that hold compiled kernels."""
    found = hashlib.blake2b(digest_size=8)
    for path in sorted(root.rglob("*.py")):
        content = path.read_bytes()
        if b"njit" in content:
            found.update(path.relative_to(root).as_posix().encode() + b"\x00" + content)
    return found.hexdigest()
