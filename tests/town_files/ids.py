"""Official identifiers for the objects of a model town, the same in every file about it."""

from __future__ import annotations

import hashlib

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LENGTH = 12


def official_id(key: str) -> str:
    """
    Return the 16 characters that the register would give to the object of a model key.

    `DENW` and twelve letters and digits from a hash: the same key gives the same id anywhere, and
    100,000 objects meet by chance less than once in 10^11 towns.
    """
    number = int.from_bytes(hashlib.blake2b(key.encode(), digest_size=16).digest(), "big")
    letters = []
    for _ in range(LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[digit])
    return "DENW" + "".join(letters)
