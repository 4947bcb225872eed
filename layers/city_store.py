"""
A city on disk: a folder of GeoParquet tables, GeoTIFF rasters and one `city.json` that names them.

`city.json` names every file with its checksum and is replaced last and at once, so that a folder
holds either the old city or the new one, never a mixture. Tables are read when they are first
asked for, through a memory map, and `read_attributes` leaves geometry unread.
"""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Generic, TypeVar

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from layers.raster_file import read_raster, write_raster
from twin.city import City
from twin.errors import StoreError
from twin.provenance import CityInfo, Finding, Source
from twin.schema import SCHEMA_VERSION, TABLES

T = TypeVar("T")

FORMAT = "troisdorf-twin-city"
MANIFEST = "city.json"


def save_city(city: City, folder: Path) -> Path:
    """
    Write `city` into `folder` and return it; an older city there is replaced at the last step.

    Raises
    ------
    StoreError
        No permission, no space, or the folder holds something that is no city. What stood there
        before stays as it was.
    """
    folder = Path(folder)
    _refuse_foreign(folder)
    with _disk_errors(folder), _staging(folder) as stage:
        entries = {name: _write_table(city, name, stage) for name in city.tables}
        rasters = {name: _write_raster(city, name, stage) for name in city.rasters}
        manifest = json.dumps(_manifest(city, entries, rasters), ensure_ascii=False, indent=1)
        _write_synced(stage / MANIFEST, manifest.encode())
        files = [*entries.values(), *rasters.values()]
        _drop_strangers(stage, keep={entry["file"] for entry in files})
    return folder


def open_city(folder: Path) -> City:
    """
    Open a city folder. Only `city.json` is read; tables follow when they are asked for.

    Raises
    ------
    StoreError
        Not a city, another schema version, or (when a table is read) a missing or damaged file.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    entries = manifest["tables"]
    info = CityInfo(
        data_date=manifest["data_date"],
        sources=tuple(
            Source(**{**source, "tables": tuple(source["tables"])})
            for source in manifest["sources"]
        ),
        findings=tuple(
            Finding(**{**finding, "examples": tuple(finding["examples"])})
            for finding in manifest["findings"]
        ),
        model_town=manifest["model_town"],
        report=manifest["report"],
    )
    rasters = manifest["rasters"]
    hashes = {name: entry["hash"] for name, entry in {**entries, **rasters}.items()}
    return City(
        manifest["name"],
        manifest["crs"],
        _Stored(entries, lambda name: _read_table(folder, entries, name)),
        info,
        hashes,
        _Stored(rasters, lambda name: read_raster(_checked_file(folder, rasters[name]))),
    )


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the checked content of `city.json`."""
    path = folder / MANIFEST
    hint = "Build it again with `twin build`."
    try:
        manifest = json.loads(path.read_bytes())
    except FileNotFoundError:
        template = "{folder} is no city folder: it holds no city.json."
        raise StoreError(template, hint="Build one with `twin build`.", folder=folder) from None
    except NotADirectoryError:
        template = "{folder} is a file, but a city is a folder."
        raise StoreError(template, hint="Build one with `twin build`.", folder=folder) from None
    except PermissionError:
        template = "{path} may not be read."
        raise StoreError(template, hint="Check the permissions of the folder.", path=path) from None
    except ValueError:
        raise StoreError("{path} is damaged: it is not JSON.", hint=hint, path=path) from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise StoreError("{path} does not describe a city.", hint=hint, path=path)
    if manifest.get("schema_version") != SCHEMA_VERSION:
        template = "{folder} has schema version {found}, this program reads version {expected}."
        raise StoreError(
            template,
            hint=hint,
            folder=folder,
            found=manifest.get("schema_version"),
            expected=SCHEMA_VERSION,
        )
    keys = {
        "name", "crs", "hash", "data_date", "sources", "findings", "model_town", "report",
        "tables", "rasters",
    }  # fmt: skip
    if lost := sorted(keys - set(manifest)) or sorted(set(TABLES) - set(manifest["tables"])):
        template = "{path} is damaged: {lost} is missing."
        raise StoreError(template, hint=hint, path=path, lost=", ".join(lost))
    return manifest


def read_attributes(folder: Path, table: str, columns: list[str] | None = None) -> pd.DataFrame:
    """
    Read columns of one table without its geometry.

    Parameters
    ----------
    columns
        Names from the schema; all of them if left out.

    Returns
    -------
    Frame with the key as index, in the order of the stored table.
    """
    entry = read_manifest(Path(folder))["tables"][table]
    path = _checked_file(Path(folder), entry)
    schema = TABLES[table]
    wanted = schema.column_names if columns is None else columns
    with _damage_errors(path):
        frame = pq.read_table(path, columns=[*wanted, schema.key], memory_map=True).to_pandas()
    if frame.index.name != schema.key:
        frame = frame.set_index(schema.key)
    return _typed(frame, table)[wanted]


def verify(folder: Path) -> list[str]:
    """Return the names of the tables and rasters whose file is missing or damaged."""
    damaged = []
    manifest = read_manifest(folder)
    for name, entry in {**manifest["tables"], **manifest["rasters"]}.items():
        try:
            _checked_file(folder, entry)
        except StoreError:
            damaged.append(name)
    return damaged


class _Stored(Mapping[str, T], Generic[T]):
    """Tables or rasters that are read on first use; safe to use from several threads."""

    def __init__(self, entries: dict[str, Any], read: Callable[[str], T]) -> None:
        self._entries = entries
        self._read = read
        self._loaded: dict[str, T] = {}
        self._lock = threading.RLock()

    def __getitem__(self, name: str) -> T:
        with self._lock:
            if name not in self._loaded:
                self._loaded[name] = self._read(name)
            return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def _read_table(folder: Path, entries: dict[str, dict[str, Any]], name: str) -> pd.DataFrame:
    path = _checked_file(folder, entries[name])
    with _damage_errors(path):
        if TABLES[name].geometry:
            return _typed(gpd.read_parquet(path, memory_map=True), name)
        return _typed(pd.read_parquet(path), name)


def _typed(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """Give category columns all the classes of the schema again; Parquet keeps the used ones."""
    types = {
        column.name: pd.CategoricalDtype(list(column.values))
        for column in TABLES[table].columns
        if column.type == "category" and column.name in frame
    }
    return frame.astype(types)


def _write_table(city: City, name: str, stage: Path) -> dict[str, Any]:
    frame = city.tables[name]
    path = stage / f"{name}-{city.hashes[name][:12]}.parquet"
    with _replacing(path) as part:
        frame.to_parquet(part, compression="zstd", index=True)
    return {"rows": len(frame), **_entry(path, city.hashes[name])}


def _write_raster(city: City, name: str, stage: Path) -> dict[str, Any]:
    raster = city.rasters[name]
    path = stage / f"{name}-{city.hashes[name][:12]}.tif"
    with _replacing(path) as part:
        write_raster(raster, part, crs=city.crs)
    rows, columns = raster.cells.shape
    size = {"rows": rows, "columns": columns, "cell_m": raster.cell_m}
    return {**size, **_entry(path, city.hashes[name])}


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Give a file to write that takes the place of `path` once it is on the disk."""
    part = path.with_name(f".{path.name}.part")
    yield part
    with part.open("rb+") as handle:
        os.fsync(handle.fileno())
    part.replace(path)


def _entry(path: Path, content_hash: str) -> dict[str, Any]:
    size, checksum = path.stat().st_size, _sha256(path)
    return {"file": path.name, "bytes": size, "sha256": checksum, "hash": content_hash}


def _manifest(
    city: City, entries: dict[str, dict[str, Any]], rasters: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "twin_version": version("troisdorf-twin"),
        "built": datetime.now(UTC).isoformat(timespec="seconds"),
        "name": city.name,
        "crs": city.crs,
        "hash": city.hash,
        "data_date": city.info.data_date,
        "model_town": city.info.model_town,
        "sources": [dataclasses.asdict(source) for source in city.info.sources],
        "findings": [dataclasses.asdict(finding) for finding in city.info.findings],
        "report": city.info.report,
        "tables": entries,
        "rasters": rasters,
    }


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """
    Give the folder to write into.

    A new city is written beside its place and moved there when complete. Into an existing city new
    files are written beside the old ones; they count from the moment `city.json` names them.
    """
    if (folder / MANIFEST).exists():
        yield folder
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    stage = Path(tempfile.mkdtemp(prefix=f".{folder.name}.{os.getpid()}.", dir=folder.parent))
    try:
        yield stage
        stage.chmod(0o755)
        stage.replace(folder)  # an empty folder may stand there, a full one was refused before
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        raise


def _sweep(folder: Path) -> None:
    """Remove what killed builds of this city left beside it; running ones are left alone."""
    for stage in folder.parent.glob(f".{folder.name}.*.*"):
        process = stage.name.split(".")[-2]
        if process.isdigit() and not _is_running(int(process)):
            shutil.rmtree(stage, ignore_errors=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # it runs under another user
    return True


def _refuse_foreign(folder: Path) -> None:
    hint = "Choose an empty or new folder."
    if folder.is_file():
        raise StoreError("{folder} is a file, but a city is a folder.", hint=hint, folder=folder)
    if folder.is_dir() and not (folder / MANIFEST).exists() and any(folder.iterdir()):
        template = "{folder} holds other files; a city is not written among them."
        raise StoreError(template, hint=hint, folder=folder)


def _drop_strangers(stage: Path, *, keep: set[str]) -> None:
    """Remove files of an older city after the new `city.json` stands."""
    for path in stage.iterdir():
        if path.name.endswith((".parquet", ".tif", ".part")) and path.name not in keep:
            path.unlink()


def _write_synced(path: Path, content: bytes) -> None:
    with _replacing(path) as part:
        part.write_bytes(content)


def _checked_file(folder: Path, entry: dict[str, Any]) -> Path:
    path = folder / str(entry["file"])
    hint = "Build the city again with `twin build`."
    if path.parent != folder or not path.is_file():
        raise StoreError("{path} is missing.", hint=hint, path=path)
    if path.stat().st_size != entry["bytes"] or _sha256(path) != entry["sha256"]:
        raise StoreError("{path} is damaged: its checksum differs.", hint=hint, path=path)
    return path


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


@contextmanager
def _damage_errors(path: Path) -> Iterator[None]:
    """Say in words that a file with the right checksum is still no table."""
    try:
        yield
    except (pa.ArrowException, ValueError, KeyError) as error:
        template = "{path} cannot be read as a table ({reason})."
        hint = "Build the city again with `twin build`."
        reason = str(error).splitlines()[0]
        raise StoreError(template, hint=hint, path=path, reason=reason) from error


@contextmanager
def _disk_errors(folder: Path) -> Iterator[None]:
    """Say in words what the disk refuses."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            template = "The disk is full; the city was not written to {folder}."
            raise StoreError(template, hint="Free some space.", folder=folder) from error
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            template = "{folder} may not be written."
            hint = "Choose another folder or change its permissions."
            raise StoreError(template, hint=hint, folder=folder) from error
        template = "The city cannot be written to {folder}: {reason}."
        reason = error.strerror or str(error)
        raise StoreError(template, folder=folder, reason=reason) from error
