"""What `twin fetch` did, as data and as sentences."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from layers.fetch.manifest import FetchedFile
    from layers.fetch.municipalities import Municipality
    from layers.fetch.products import Wanted
    from twin.errors import SourceError

Line = tuple[str, dict[str, object]]
"""An English sentence with {places} (a key of the message catalogue) and what stands in them."""


@dataclass(frozen=True)
class FetchReport:
    """One run of `fetch`."""

    town: Municipality
    folder: Path
    files: tuple[FetchedFile, ...] = ()  # all that lie in the folder now
    new: tuple[FetchedFile, ...] = ()  # of these, what this run brought
    planned: tuple[Wanted, ...] = ()  # what a dry run would fetch
    dry_run: bool = False
    boundary: bool = True  # False: the bounding box served
    absent: dict[str, tuple[str, ...]] = field(default_factory=dict)  # tiles by product
    unlisted: tuple[str, ...] = ()
    faults: tuple[SourceError, ...] = ()
    failed: tuple[str, ...] = ()  # products of which something is missing
    boundary_faults: tuple[SourceError, ...] = ()  # why no service gave the boundary

    @property
    def complete(self) -> bool:
        """Whether everything asked for is there."""
        return not self.faults


def lines(report: FetchReport) -> list[Line]:
    """Return what to print, one sentence a line."""
    found: list[Line] = [("{place} ({ags}), {district}", _names(report))]
    found += _planned(report) if report.dry_run else _sums(report)
    found += [
        ("{product}: {count} tiles at the border are not in the office's stock.",
         {"product": product, "count": len(tiles)})
        for product, tiles in report.absent.items()
    ]  # fmt: skip
    found += [
        ("{product}: no list of files was given; names are guessed.", {"product": product})
        for product in report.unlisted
    ]
    if not report.boundary:
        found.append(("The boundary was not found; the tiles of the bounding box were taken.", {}))
    found.append(
        ("Not fetched: test reference years of the DWD (only after registration), the timetable of"
         " the VRS (only on request).", {})
    )  # fmt: skip
    if not report.dry_run:
        found.append(("The files lie in {folder}.", {"folder": report.folder}))
    return found


def _names(report: FetchReport) -> dict[str, object]:
    town = report.town
    return {"place": town.name, "ags": town.ags, "district": town.district}


def _sums(report: FetchReport) -> list[Line]:
    """Return a line for each product: files, megabytes, how many of them are new."""
    new = {file.path for file in report.new}
    found: list[Line] = []
    for product in dict.fromkeys(file.product for file in report.files):
        own = [file for file in report.files if file.product == product]
        values: dict[str, object] = {
            "product": product, "count": len(own), "size": _mb(sum(f.size for f in own)),
            "new": sum(file.path in new for file in own),
        }  # fmt: skip
        found.append(("{product}: {count} files, {size} MB, {new} of them new", values))
    return found


def _planned(report: FetchReport) -> list[Line]:
    found: list[Line] = []
    for item in report.planned:
        if item.size is None:
            found.append(("{path}: {url}", {"path": item.path, "url": item.url}))
        else:
            values: dict[str, object] = {"path": item.path, "url": item.url}
            found.append(("{path}: {url}, {size} MB", {**values, "size": _mb(item.size)}))
    known = sum(item.size or 0 for item in report.planned)
    open_ = sum(item.size is None for item in report.planned)
    total: dict[str, object] = {"count": len(report.planned), "size": _mb(known), "open": open_}
    sentence = "{count} files to fetch, {size} MB and {open} files of unknown size"
    return [*found, (sentence, total)]


def _mb(size: int) -> float:
    return round(size / 1e6, 1)
