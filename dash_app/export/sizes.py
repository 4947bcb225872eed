"""Sizes of paper, and how finely each is drawn."""

from __future__ import annotations

SIZES: dict[str, tuple[float, float]] = {
    "A4": (297.0, 210.0), "A3": (420.0, 297.0), "A2": (594.0, 420.0), "A1": (841.0, 594.0),
    "A0": (1189.0, 841.0),
}  # fmt: skip
"""Sheets of ISO 216 lying, in mm."""

DPI = {"A4": 200, "A3": 200, "A2": 150, "A1": 120, "A0": 100}
"""Dots per inch: large sheets are read from afar."""


def paper_mm(size: str, *, portrait: bool) -> tuple[float, float]:
    """
    Return width and height of a sheet [mm].

    >>> paper_mm("A4", portrait=True)
    (210.0, 297.0)
    """
    width, height = SIZES[size]
    return (height, width) if portrait else (width, height)
