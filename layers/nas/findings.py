"""What was odd in NAS, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from twin.provenance import Finding

if TYPE_CHECKING:
    from layers.nas.raw import RawNas


Severity = Literal["info", "warning", "fault"]

KINDS: tuple[tuple[str, str, Severity, str], ...] = (
    ("ended_objects", "parcels", "info",
     "{count} objects of the cadastre have ended and were left out."),
    ("nba_delete", "parcels", "info", "{count} deletions of an update file were carried out."),
    ("nba_replace", "parcels", "info",
     "{count} replacements of an update file were carried out."),
    ("nba_update", "parcels", "info", "{count} changes of an update file were carried out."),
    ("taken_back", "parcels", "info",
     "{count} versions of objects were taken back by an update file."),
    ("older_versions", "parcels", "info",
     "{count} objects come in several versions; the newest one counts."),
    ("same_object", "parcels", "info",
     "{count} objects come several times, for example in neighbouring files."),
    ("open_outline", "buildings", "warning",
     "{count} outlines have a gap and were left out."),
    ("broken_outline", "buildings", "warning",
     "{count} outlines have too few or unreadable positions and were left out."),
    ("dangling_edge", "buildings", "warning",
     "{count} outlines refer to an edge that is not in the file and were left out."),
    ("broken_edge", "buildings", "warning", "{count} shared edges cannot be drawn."),
    ("unknown_curve", "buildings", "warning",
     "{count} outlines use a kind of curve that is not known and were left out."),
    ("no_outline", "buildings", "warning", "{count} objects have no outline."),
    ("repaired_outline", "buildings", "info",
     "{count} outlines cross themselves and were repaired."),
    ("no_id", "buildings", "warning", "{count} objects have no identifier and were left out."),
    ("unknown_crs", "buildings", "warning",
     "{count} outlines are in an unknown coordinate system and were left out."),
    ("swapped_axes", "buildings", "warning",
     "{count} outlines have north before east and were turned."),
    ("reprojected", "buildings", "info",
     "{count} outlines came in another coordinate system; from the old German one they"
     " may be off by one to three metres."),
    ("underground", "buildings", "info",
     "{count} buildings lie underground and were left out."),
    ("planned", "buildings", "info", "{count} buildings are only planned and were left out."),
    ("building_parts", "buildings", "info",
     "{count} parts of buildings in the cadastre (lower or higher parts, passages, balconies)"
     " were not drawn on their own."),
    ("structures", "buildings", "info",
     "{count} structures that are no houses (canopies, tanks, masts) were left out."),
    ("unknown_function", "buildings", "warning",
     "{count} buildings have a function that the catalogue does not know."),
    ("dangling_address", "buildings", "warning",
     "{count} buildings refer to an address that is not in the file."),
    ("address_without_place", "addresses", "info",
     "{count} addresses belong to no building and have no position."),
    ("unnamed_street", "addresses", "warning",
     "{count} addresses have a street key without a name."),
    ("unknown_land", "landuse", "warning",
     "{count} areas have a use that the catalogue does not know."),
    ("no_municipality", "parcels", "warning",
     "The file names no parcel of the municipality wanted; all of it was read."),
)  # fmt: skip
"""Code, table, severity and sentence of everything that may be odd, in the order of the report."""


def findings_of(raw: RawNas) -> tuple[Finding, ...]:
    """Return a finding for everything that was counted, in a fixed order."""
    return tuple(
        Finding(code, table, raw.counts[code], message, severity, tuple(raw.examples[code]))
        for code, table, severity, message in KINDS
        if raw.counts[code]
    )
