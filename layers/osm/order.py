"""Puts a file in order whose objects are not sorted, or stand in it twice."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import osmium

if TYPE_CHECKING:
    from pathlib import Path

TROUBLE = ("twice in input", "out of order")
"""Words in the complaint of osmium when it meets such a file while it puts areas together."""


def is_disorder(error: Exception) -> bool:
    """Tell whether sorting the file mends this error."""
    return any(words in str(error) for words in TROUBLE)


def sort_into(path: Path, file_format: str, target: Path) -> list[str]:
    """
    Write the objects of `path` by kind and id to `target`; return those that stood there twice.

    Of these the newest version stays.
    """
    rows = osmium.MergeInputReader()
    rows.add_buffer(path.read_bytes(), file_format)
    with osmium.SimpleWriter(str(target), overwrite=True) as writer:
        rows.apply(writer, simplify=True)
    objects = osmium.FileProcessor(osmium.io.File(str(path), file_format))
    seen = Counter(f"osm:{item.type_str()}{item.id}" for item in objects)
    return [key for key, count in seen.items() if count > 1]
