"""Cadastre files of any packing: GeoPackage, Shapefile, GML, each also in a zip or a folder."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import warnings
import zipfile
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from layers.cadastre.fields import kind_of_layer, wanted_fields, with_columns
from layers.features.gml import read_gml
from layers.features.srs import box_around
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from layers.source_data import Area

PACKED = (".gpkg", ".shp", ".shx", ".dbf", ".prj", ".cpg", ".gml", ".xml")
READ = (".gpkg", ".shp", ".gml", ".xml")
LARGEST_RATIO = 400  # of unpacked to packed size; cadastre files shrink to a tenth or so
SMALL = 64 << 20  # bytes that may come out of any archive
HEAD = 1 << 20
MARKS = (b"alkis-vereinfacht", b"GebauedeBauwerk", b"GebaeudeBauwerk", b"VerwaltungsEinheit")


@dataclass(frozen=True)
class Layer:
    """One layer as it came: columns of `fields.toml` as text, geometry in the CRS it says."""

    kind: str  # one of `fields.KINDS`
    name: str  # file and layer, for messages
    frame: gpd.GeoDataFrame


def looks_like_cadastre(path: Path) -> bool:
    """Say by ending, layer names and first bytes whether a file holds simplified ALKIS."""
    ending = path.suffix.lower()
    try:
        if ending == ".shp":
            return bool(kind_of_layer(path.stem))
        if ending == ".gpkg":
            return any(map(kind_of_layer, _gpkg_layers(path)))
        if ending == ".zip":
            with zipfile.ZipFile(path) as archive:
                return any(_marked(archive, name) for name in archive.namelist())
        if ending in {".gml", ".xml"}:
            with path.open("rb") as file:
                return MARKS[0] in file.read(HEAD)
    except (OSError, zipfile.BadZipFile, sqlite3.Error, RuntimeError, NotImplementedError):
        return False
    return False


def read_files(
    paths: Sequence[Path], *, area: Area | None, say: Callable[[str, float], None]
) -> tuple[list[Layer], list[str]]:
    """
    Return the known layers of all files, and the names of those nobody knows.

    Raises `SourceError` for a file that is missing, damaged or holds no known layer.
    """
    layers: list[Layer] = []
    unknown: list[str] = []
    for number, path in enumerate(paths):
        say("Read the cadastre", number / len(paths))
        with unpacked(path) as files:
            found = [layer for file in files for layer in _layers_of(file, area, unknown)]
        if not found:
            template = "{path} holds no layer of the simplified ALKIS schema."
            hint = "Known are GebaeudeBauwerk, Flurstueck, Nutzung, VerwaltungsEinheit."
            raise SourceError(template, hint=hint, path=path)
        layers += [layer for layer in found if layer.kind != "nothing"]
    return layers, unknown


@contextmanager
def unpacked(path: Path) -> Iterator[list[Path]]:
    """Give the files to read in a file, folder or zip; what was unpacked is removed again."""
    if not path.exists():
        template = "{path} is not there."
        raise SourceError(template, hint="Check the path.", path=path)
    if path.is_dir():
        yield _readable(path)
    elif path.suffix.lower() == ".zip":
        with tempfile.TemporaryDirectory(prefix="twin-cadastre-") as folder:
            _unpack(path, Path(folder))
            yield _readable(Path(folder))
    else:
        yield [path]


def _readable(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in READ and p.is_file())


def _unpack(path: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if m.filename.lower().endswith(PACKED)]
            size = sum(member.file_size for member in members)
            if size > SMALL and size > LARGEST_RATIO * path.stat().st_size:
                template = "{path} swells to more than {ratio} times its size, which is refused."
                hint = "Unpack it by hand and look at it."
                raise SourceError(template, hint=hint, path=path, ratio=LARGEST_RATIO)
            if size > shutil.disk_usage(folder).free:
                template = "There is no room to unpack {path}."
                raise SourceError(template, hint="Free some space.", path=path)
            for member in members:
                archive.extract(member, folder)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise _damaged(path, str(error)) from error


def _layers_of(path: Path, area: Area | None, unknown: list[str]) -> Iterator[Layer]:
    if path.suffix.lower() in {".gml", ".xml"}:
        yield from _gml_layers(path, unknown)
        return
    try:
        with _quietly():
            names = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    except DataSourceError as error:
        raise _damaged(path, str(error)) from error
    kinds = {name: kind_of_layer(name) for name in names}
    for name, kind in kinds.items():
        if kind == "landuse_of_parcels" and "landuse" in kinds.values():
            continue  # the same areas once more, cut by parcels
        if not kind:
            unknown.append(f"{path.name}: {name}")
        elif kind == "nothing":
            yield Layer(kind, name, gpd.GeoDataFrame(geometry=[]))
        else:
            frame = _read_layer(path, name, kind, area)
            yield Layer(kind, f"{path.name}: {name}", with_columns(kind, frame))


def _read_layer(path: Path, layer: str, kind: str, area: Area | None) -> gpd.GeoDataFrame:
    try:
        with _quietly():
            return _rows_of(path, layer, kind, area)
    except (DataLayerError, DataSourceError, sqlite3.Error, RuntimeError) as error:
        raise _damaged(path, str(error)) from error


def _rows_of(path: Path, layer: str, kind: str, area: Area | None) -> gpd.GeoDataFrame:
    info = pyogrio.read_info(path, layer=layer)
    columns = list(wanted_fields(kind, info["fields"]))
    options: dict[str, Any] = {"columns": columns, "layer": layer}
    if area is not None and info["crs"] is not None:
        options["bbox"] = box_around(area, info["crs"])
    frame = pyogrio.read_dataframe(path, use_arrow=True, **options)
    frame = frame.assign(**{c: _whole_letters(frame[c]) for c in frame.select_dtypes("str")})
    if not isinstance(frame, gpd.GeoDataFrame):  # a table without geometry
        frame = gpd.GeoDataFrame(frame, geometry=[None] * len(frame))
    return frame


def _whole_letters(text: pd.Series[Any]) -> pd.Series[Any]:
    """Drop half a letter, which stays where a field of a Shapefile ends after 254 bytes."""
    array = pa.array(text)
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        raw = array.cast(pa.large_binary()).to_pylist()
        words = [None if w is None else w.decode("utf-8", "ignore") for w in raw]
        return pd.Series(words, index=text.index, dtype="str")
    return text


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep warnings of GDAL to itself: what is wrong with rows is counted further on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield


def _gml_layers(path: Path, unknown: list[str]) -> Iterator[Layer]:
    with path.open("rb") as file:
        page = read_gml(file, name=str(path))
    for name, frame in page.frames.items():
        kind = kind_of_layer(name)
        if not kind:
            unknown.append(f"{path.name}: {name}")
            continue
        ready = frame if kind == "nothing" else with_columns(kind, frame)
        yield Layer(kind, f"{path.name}: {name}", ready)


def _gpkg_layers(path: Path) -> list[str]:
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
        return [str(row[0]) for row in database.execute("SELECT table_name FROM gpkg_contents")]


def _marked(archive: zipfile.ZipFile, name: str) -> bool:
    ending = Path(name).suffix.lower()
    if ending == ".shp":
        return bool(kind_of_layer(Path(name).stem))
    if ending not in READ:
        return False
    with archive.open(name) as member:
        head = member.read(HEAD)
    return any(mark in head for mark in (MARKS if ending == ".gpkg" else MARKS[:1]))


def _damaged(path: Path, reason: str) -> SourceError:
    template = "{path} is damaged: {reason}."
    hint = "Download or export it again."
    return SourceError(template, hint=hint, path=path, reason=reason.strip(". \n"))
