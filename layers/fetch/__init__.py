"""All official open data of a municipality of North Rhine-Westphalia, in one folder."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from layers.fetch.boundary import NAME as BOUNDARY
from layers.fetch.boundary import fetch_boundary
from layers.fetch.engine import Engine, Outcome, refuse_full_disk
from layers.fetch.listing import with_size
from layers.fetch.manifest import NAME as MANIFEST
from layers.fetch.manifest import (
    FetchedFile,
    is_whole,
    read_manifest,
    write_licence,
    write_manifest,
)
from layers.fetch.municipalities import Municipality, find_municipality, municipalities
from layers.fetch.osm import fetch_osm
from layers.fetch.plan import Place, Plan, make_plan
from layers.fetch.products import Wanted, chosen, products
from layers.fetch.report import FetchReport, lines
from layers.source import addresses as known_addresses
from layers.source import cache_folder
from layers.web import Manners, disk_errors
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from layers.overpass import Endpoints
    from layers.source_data import Progress

__all__ = [
    "FetchReport", "FetchedFile", "Municipality", "default_folder", "fetch", "fetched_folder",
    "find_municipality", "lines", "municipalities", "products",
]  # fmt: skip

STAGING = ".fetch"  # half files wait here; hidden, so that `twin build FOLDER` passes it over
READ_S = 60.0  # a silent server keeps nobody longer, also not from cancelling
SAVE_S = 1.0  # how often the manifest is written while files come in


def default_folder(place: str) -> Path:
    """Return where the data of a municipality go: in the cache, by official key and name."""
    return cache_folder() / find_municipality(place).slug


def fetched_folder(place: str) -> Path | None:
    """Return the folder with the fetched data of a municipality, None where there is none."""
    try:
        folder = default_folder(place)
    except SourceError:
        return None
    return folder if (folder / MANIFEST).exists() else None


def fetch(  # noqa: PLR0913 - one keyword each reads better than a bundle
    place: str,
    folder: Path | None = None,
    *,
    what: Sequence[str] | None = None,
    addresses: Callable[[str, str], Sequence[str]] = known_addresses,
    endpoints: Endpoints | None = None,
    workers: int = 4,
    manners: Manners | None = None,
    progress: Progress | None = None,
    dry_run: bool = False,
) -> FetchReport:
    """
    Download the official open data of a municipality.

    Parameters
    ----------
    place
        Name or official key (AGS) of a municipality of North Rhine-Westphalia.
    folder
        Where to; `default_folder(place)` where left out. Products get a folder each, with their
        licence; `fetched.json` lists all files with checksums.
    what
        Keys of `products()`; the usual ones where left out.
    addresses, endpoints, workers, manners
        Address book, servers of OpenStreetMap, how many files at once, patience.
    progress
        Told the step and the share done; `KeyboardInterrupt` from it cancels. What is complete
        stays, the next call goes on from there.
    dry_run
        Only say what would be fetched, with sizes; the folder gets nothing but the boundary and the
        lists of files asked for.

    Raises
    ------
    SourceError
        The place or a product is unknown, or the disk is full. What single files lack is in the
        report.
    """
    town = find_municipality(place)
    wanted_products = chosen(what)
    target = folder or cache_folder() / town.slug
    manners, say = (
        manners or Manners(read_timeout_s=READ_S),
        progress or (lambda _step, _share: None),
    )
    staging = target / STAGING
    with disk_errors(target):
        staging.mkdir(parents=True, exist_ok=True)
    say("Looking up what there is", 0.0)
    shape, refusals = fetch_boundary(
        town, target / BOUNDARY, addresses=addresses, staging=staging, manners=manners
    )
    plan = make_plan(Place(town, shape, addresses, staging, manners), wanted_products)
    run = _Run(town, target, plan, refusals)
    left = run.missing(say)
    if dry_run:
        return run.report(dry_run=True, planned=tuple(with_size(item, manners) for item in left))
    refuse_full_disk(target, left)
    for product in wanted_products:
        write_licence(target, product)
    try:
        engine = Engine(target, staging, manners)
        run.outcome = engine.run(
            left, workers=workers, progress=lambda step, s: say(step, 0.1 + 0.8 * s), keep=run.keep
        )
        if any(product.scope == "osm" for product in wanted_products):
            run.fetch_osm(shape, endpoints, say)
    finally:
        run.save()
    say("Done", 1.0)
    return run.report()


class _Run:
    """State of one fetch: what lies there, what came, what failed."""

    def __init__(
        self,
        town: Municipality,
        folder: Path,
        plan: Plan,
        refusals: list[SourceError],
    ) -> None:
        self.town, self.folder, self.plan = town, folder, plan
        self.known = read_manifest(folder)
        self.refusals = tuple(refusals)  # why there is no boundary
        self.new: list[FetchedFile] = []
        self.outcome = Outcome()
        self.osm_fault: SourceError | None = None
        self.saved = 0.0

    def missing(self, say: Progress) -> list[Wanted]:
        """Return what is not there, or not as it was fetched."""
        left = []
        for number, item in enumerate(self.plan.wanted):
            say("Checking what is there", 0.05 + 0.05 * number / len(self.plan.wanted))
            file = self.known.get(item.slot)
            if file is None or file.url != item.url or not is_whole(self.folder, file):
                left.append(item)
        return left

    def keep(self, file: FetchedFile) -> None:
        """Enter a finished file; an older one in its place goes."""
        before = self.known.get(file.slot)
        if before is not None and before.path != file.path:
            (self.folder / before.path).unlink(missing_ok=True)
        self.known[file.slot] = file
        self.new.append(file)
        if time.monotonic() - self.saved > SAVE_S:
            self.save()

    def save(self) -> None:
        """Write the manifest of what lies there."""
        boundary = "" if self.refusals else BOUNDARY
        write_manifest(self.folder, self.town, self.known.values(), boundary=boundary)
        self.saved = time.monotonic()

    def fetch_osm(
        self, shape: BaseGeometry | None, endpoints: Endpoints | None, say: Progress
    ) -> None:
        """Fetch OpenStreetMap of the same area, unless it lies there whole."""
        product = products()["osm"]
        file = self.known.get("osm/osm")
        if file is not None and is_whole(self.folder, file):
            return
        try:
            self.keep(
                fetch_osm(
                    self.town, shape, self.folder, product=product, endpoints=endpoints,
                    progress=lambda step, share: say(step, 0.9 + 0.1 * share),
                )
            )  # fmt: skip
        except SourceError as error:
            self.osm_fault = error

    def report(self, *, dry_run: bool = False, planned: tuple[Wanted, ...] = ()) -> FetchReport:
        """Put together what happened."""
        absent = {key: list(tiles) for key, tiles in self.plan.absent.items()}
        faults = dict(self.plan.refused)
        for item in self.outcome.absent:
            if item.border:
                absent.setdefault(item.product.key, []).append(item.slot.rpartition("/")[2])
            else:
                faults.setdefault(item.product.key, _gone(item))
        have = {file.product for file in self.known.values()}
        for key in {item.product.key for item in self.outcome.absent if item.border} - have:
            faults.setdefault(key, _nothing(key, self.town))
        several = [error for _, error in self.outcome.failed]
        osm = [self.osm_fault] if self.osm_fault else []
        failed = {*faults, *(item.product.key for item, _ in self.outcome.failed)}
        return FetchReport(
            self.town, self.folder,
            files=tuple(sorted(self.known.values(), key=lambda f: f.path)),
            new=tuple(self.new), planned=planned, dry_run=dry_run,
            boundary=not self.refusals, boundary_faults=self.refusals,
            absent={key: tuple(sorted(tiles)) for key, tiles in sorted(absent.items())},
            unlisted=tuple(dict.fromkeys(self.plan.unlisted)),
            faults=(*faults.values(), *several, *osm),
            failed=tuple(sorted(failed | ({"osm"} if osm else set()))),
        )  # fmt: skip


def _gone(item: Wanted) -> SourceError:
    template = "{product}: {url} is not there."
    hint = "The office may have moved or renamed it."
    return SourceError(template, hint=hint, product=item.product.key, url=item.url)


def _nothing(key: str, town: Municipality) -> SourceError:
    template = "{product}: not one tile of {town} is there."
    hint = "The office may have moved or renamed them."
    return SourceError(template, hint=hint, product=key, town=town.name)
