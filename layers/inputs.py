"""
What a user names on the command line: files, folders and addresses of any kind, in any mix.

Each adapter says by `looks_like_…` whether a file is one of its own; here they are asked in turn,
the most particular first, and every adapter reads all of its files at once.
"""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
from pyogrio.errors import DataSourceError

from layers.fetch.boundary import NAME as BOUNDARY
from layers.fetch.manifest import NAME as MANIFEST
from layers.fetch.manifest import read_manifest
from layers.source import sha256_of
from layers.source_data import Area
from twin.crs import utm_crs
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from layers.source_data import Progress, SourceData

KINDS = (
    "transit", "weather", "census", "terrain", "citymodel", "nas", "cadastre", "boundaries", "osm",
)  # fmt: skip
"""Packages of `layers` with `looks_like_<kind>` and `read_<kind>`, in the order of asking."""

SURFACES = ("terrain", "surface", "above_ground")
AREAS = ("boundaries", "districts", "blocks", "zones")
PREFIXES = tuple(dict.fromkeys((*KINDS, *SURFACES, *AREAS)))
"""What may stand before a file, `surface=dom.tif`, where its name and content do not say it."""

PREFIX = re.compile(rf"({'|'.join(PREFIXES)})=(.+)")
BESIDE = frozenset({".dbf", ".shx", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".tfw", ".part"})
"""Endings of files that belong to another one."""


@dataclass(frozen=True)
class Inputs:
    """Files and addresses by kind (one of `PREFIXES`), and the files nobody knows."""

    by_kind: Mapping[str, tuple[Path | str, ...]] = field(default_factory=dict)
    unknown: tuple[Path, ...] = ()


def find_inputs(named: Sequence[str | Path]) -> Inputs:
    """
    Tell apart what is named.

    Parameters
    ----------
    named
        Files, folders (looked through to the bottom), addresses of WFS or OGC API Features, each
        with or without a prefix such as `surface=`.

    Raises
    ------
    SourceError
        A file that is named does not exist or is of no kind known here, a folder holds nothing
        known. Unknown files beside known ones in a folder are only reported.
    """
    found: dict[str, dict[str, Path | str]] = {}
    unknown: list[Path] = []
    for text in map(str, named):
        prefix = PREFIX.fullmatch(text)
        kind, place = (prefix[1], prefix[2]) if prefix else ("", text)
        if place.startswith(("http://", "https://")):
            found.setdefault(kind or "cadastre", {})[place] = place
            continue
        for path, said in _files(Path(place).expanduser()):
            known = kind or said or kind_of_file(path)
            if known:
                found.setdefault(known, {})[str(path.resolve())] = path
            elif Path(place).is_dir():
                unknown.append(path)
            else:
                raise _unknown(path)
    if not found:
        raise _unknown(Path(str(named[0])))
    ordered = {kind: tuple(files.values()) for kind, files in sorted(found.items())}
    return Inputs(ordered, tuple(unknown))


def area_of(named: Sequence[str | Path]) -> Area | None:
    """Return the municipality that a folder of `twin fetch` is for; None without one."""
    for folder in map(Path, map(str, named)):
        if (folder / MANIFEST).is_file() and (folder / BOUNDARY).is_file():
            return read_area(folder / BOUNDARY)
    return None


def read_area(path: Path) -> Area:
    """
    Return the area that the polygons of a file enclose, in the UTM zone of its middle.

    Raises
    ------
    SourceError
        No such file, no vector file, or no polygon in it.
    """
    try:
        shapes = gpd.read_file(path).to_crs("EPSG:4326").geometry
    except (DataSourceError, ValueError) as error:
        template = "{path} cannot be read as an area ({reason})."
        hint = "Give a GeoJSON, GeoPackage or Shapefile with polygons and a coordinate system."
        reason = str(error).splitlines()[0]
        raise SourceError(template, hint=hint, path=path, reason=reason) from error
    areas = shapes[shapes.geom_type.isin(["Polygon", "MultiPolygon"])]
    if areas.empty:
        template = "{path} holds no polygon."
        raise SourceError(template, hint="Give the boundary of the area.", path=path)
    middle = areas.union_all().centroid
    crs = utm_crs(middle.x, middle.y)
    return Area(areas.to_crs(crs).union_all(), crs)


def kind_of_file(path: Path) -> str:
    """Return the kind of a file or GTFS folder, "" where no adapter knows it."""
    for kind in KINDS:
        package = import_module(f"layers.{kind}")
        if getattr(package, f"looks_like_{kind}")(path):
            return kind
    return ""


def read_inputs(
    inputs: Inputs,
    *,
    area: Area | None = None,
    day: str = "weekday",
    progress: Progress | None = None,
) -> list[SourceData]:
    """
    Read every file, each kind at once.

    Parameters
    ----------
    area
        What of large files is wanted.
    day
        Day of the timetable: weekday, saturday, sunday or a date.
    """
    say = progress or (lambda _step, _share: None)
    done: list[SourceData] = []
    for number, (kind, files) in enumerate(inputs.by_kind.items()):
        start, share = number / len(inputs.by_kind), 1 / len(inputs.by_kind)

        def told(step: str, part: float, start: float = start, share: float = share) -> None:
            say(step, start + share * part)

        done += _reader(kind, area=area, day=day)(files, told)
    return done


Reader = Callable[[Sequence[Path | str], Callable[[str, float], None]], list["SourceData"]]


def _reader(kind: str, *, area: Area | None, day: str) -> Reader:
    """Return the function that reads all files of one kind."""
    if kind == "osm":
        return lambda files, say: [_read_osm(files, area, say)]
    package = "terrain" if kind in SURFACES else "boundaries" if kind in AREAS else kind
    read = getattr(import_module(f"layers.{package}"), f"read_{package}")
    options: dict[str, Any] = {} if package in {"weather", "boundaries"} else {"area": area}
    if kind == "transit":
        options["day"] = day
    if kind != package:
        options["kind"] = kind
    return lambda files, say: [read(files, progress=say, **options)]


def _read_osm(
    files: Sequence[Path | str], area: Area | None, say: Callable[[str, float], None]
) -> SourceData:
    from layers.osm import read_osm  # noqa: PLC0415 - pyosmium only where it is needed

    if len(files) > 1:
        template = "{count} OpenStreetMap files are given: {files}. One city takes one."
        hint = "Merge them with `osmium merge`."
        listed = ", ".join(map(str, files))
        raise SourceError(template, hint=hint, count=len(files), files=listed)
    path = Path(files[0])
    return read_osm(path, progress=say) if area is None else _cut_osm(path, area, say)


def _cut_osm(path: Path, area: Area, say: Callable[[str, float], None]) -> SourceData:
    """Read what a file holds of an area: the file of a whole Land becomes that of a town."""
    from layers.clip import clip_tables  # noqa: PLC0415
    from layers.osm import name_of, read_osm  # noqa: PLC0415
    from layers.osm.formats import read_error, sniff_format  # noqa: PLC0415
    from layers.osm_cut import cut_file  # noqa: PLC0415

    sniff_format(path)
    boundary = area.within("EPSG:4326")
    say("Cut OpenStreetMap to the area", 0.0)
    with tempfile.TemporaryDirectory(prefix="twin-osm-") as folder:
        part = Path(folder) / "cut.osm"
        try:
            cut_file(path, boundary, part)
        except RuntimeError as error:  # what osmium raises for damaged files
            raise read_error(path, error) from error
        data = read_osm(
            part, progress=lambda step, share: say(step, 0.3 + 0.7 * share), name=name_of(path)
        )
    source = replace(data.source, sha256=sha256_of(path))
    return replace(data, tables=clip_tables(data.tables, boundary), source=source)


def _files(path: Path) -> Iterator[tuple[Path, str]]:
    """Give the files in `path`, with the kind where a list beside them says it."""
    if not path.exists():
        hint = "Name a file or folder that is there."
        raise SourceError("{path} does not exist.", hint=hint, path=path)
    if not path.is_dir() or (path / "stop_times.txt").exists():  # a timetable out of its zip
        yield path, ""
    elif (path / MANIFEST).is_file():
        listed = sorted(read_manifest(path).values(), key=lambda file: file.path)
        yield from ((path / file.path, file.kind) for file in listed if file.kind)
    else:
        for inner in sorted(path.iterdir()):
            if inner.name.startswith(".") or inner.suffix.lower() in BESIDE:
                continue
            yield from _files(inner) if inner.is_dir() else [(inner, "")]


def _unknown(path: Path) -> SourceError:
    """Say what is wrong with a file nobody knows: nothing in it, cut off, or of another kind."""
    if path.is_file() and path.stat().st_size == 0:
        return SourceError("{path} is empty.", hint="Download or export it again.", path=path)
    broken_zip = path.suffix.lower() == ".zip" and not zipfile.is_zipfile(path)
    if path.is_file() and (broken_zip or _is_broken_database(path)):
        template = "{path} is damaged or cut off."
        return SourceError(template, hint="Download or export it again.", path=path)
    template = "{path} is of no kind known here."
    hint = (
        "Known are OpenStreetMap, ALKIS (GeoPackage, Shapefile, NAS), CityGML, CityJSON, terrain, "
        "census grid, weather and GTFS files. Where only you can tell, write e.g. surface=FILE; "
        "the words are {words}."
    )
    return SourceError(template, hint=hint, path=path, words=", ".join(PREFIXES))


def _is_broken_database(path: Path) -> bool:
    if path.suffix.lower() != ".gpkg":
        return False
    with path.open("rb") as file:
        return not file.read(16).startswith(b"SQLite format 3")
