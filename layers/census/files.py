"""
Reads census grid files as they are published into one long table of counts.

Formats: CSV of 2022 (a column a class), CSV of 2011 (Merkmal and code), both as they come in ZIP
archives, and parquet or CSV with cell centres x, y, long (theme, value, quality) or wide.
"""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from layers.census.themes import Meaning, meaning_of_code, meaning_of_columns, plain, unit_of_file
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROWS_AT_ONCE = 200_000
SIZES_M = (100, 1000)  # cells of 10 km are too coarse to say anything about a town
COLUMNS = ["year", "size_m", "x", "y", "theme", "class", "count", "rank"]
CELL = re.compile(r"^\s*\"?(?:CRS3035RES)?(\d+)(k?m)N(\d+)E(\d+)\"?\s*$")
MARKS = {"–", "—", "-", "/", ".", "x", "X", "…", "...", "\ufffd"}  # \ufffd: a dash of Windows-1252
HINT = "Give the grid files of the census 2011 or 2022 as downloaded (CSV or ZIP)."


@dataclass
class RawCensus:
    """Counts as published; x, y the south-west corner of the cell in EPSG:3035 [m]."""

    counts: pd.DataFrame  # COLUMNS
    tally: Counter[str] = field(default_factory=Counter)  # what was left out, by kind
    examples: dict[str, list[str]] = field(default_factory=dict)


def looks_like_census(path: Path) -> bool:
    """Tell by ending and first bytes whether a file is a census grid."""
    try:
        if path.suffix.casefold() == ".parquet":
            return _is_grid(list(pq.read_schema(path).names))
        if path.suffix.casefold() not in {".csv", ".zip"}:
            return False
        with _members(path) as members:
            return any(_is_grid(_header(file)[0]) for _, file in members)
    except (OSError, ValueError, zipfile.BadZipFile):
        return False


def read_files(
    path: Path, *, bounds: tuple[float, float, float, float] | None = None
) -> list[RawCensus]:
    """
    Read one file; of a ZIP, every CSV in it.

    Parameters
    ----------
    bounds
        West, south, east, north in EPSG:3035: cells outside are skipped while reading.

    Raises
    ------
    SourceError
        The file is missing, damaged or no census grid.
    """
    try:
        if path.suffix.casefold() == ".parquet":
            return [_read_frames(iter([pd.read_parquet(path)]), path.name, bounds)]
        with _members(path) as members:
            found = [_read_csv(file, name, bounds) for name, file in members]
    except (OSError, zipfile.BadZipFile, EOFError) as error:
        template = "The census file {path} cannot be read: {error}."
        raise SourceError(template, hint=HINT, path=path, error=error) from error
    except (ValueError, pd.errors.ParserError) as error:
        template = "The census file {path} is damaged: {error}."
        raise SourceError(template, hint=HINT, path=path, error=error) from error
    grids = [raw for raw in found if raw is not None]
    if not grids:
        template = "{path} holds no census grid: no column GITTER_ID_100m or GITTER_ID_1km."
        raise SourceError(template, hint=HINT, path=path)
    return grids


@contextmanager
def _members(path: Path) -> Iterator[Iterator[tuple[str, IO[bytes]]]]:
    """Give the CSV files of a path with their names, one after the other."""
    if path.suffix.casefold() != ".zip":
        with path.open("rb") as file:
            yield iter([(path.name, file)])
        return
    with zipfile.ZipFile(path) as archive:
        names = sorted(n for n in archive.namelist() if n.casefold().endswith(".csv"))
        yield _opened(archive, names)


def _opened(archive: zipfile.ZipFile, names: list[str]) -> Iterator[tuple[str, IO[bytes]]]:
    for name in names:
        with archive.open(name) as file:
            yield f"{archive.filename}/{name}".rpartition("/")[2], file


def _header(file: IO[bytes]) -> tuple[list[str], str]:
    """Return the column names and the separator; the file stands after the first line."""
    line = file.readline(65_536).decode("utf-8-sig", errors="replace").strip()
    separator = max(";,\t", key=line.count)
    return [name.strip().strip('"') for name in line.split(separator)], separator


def _is_grid(columns: list[str]) -> bool:
    names = {plain(c) for c in columns}
    centred = {"x", "y"} <= names and bool(names & {"theme", "einwohner"})
    return centred or any(n.startswith("gitter_id_") for n in names)


def _read_csv(
    file: IO[bytes], name: str, bounds: tuple[float, float, float, float] | None
) -> RawCensus | None:
    columns, separator = _header(file)
    if not _is_grid(columns):
        return None
    if any(plain(c) == "gitter_id_10km" for c in columns):
        return RawCensus(_empty(), Counter({"coarse": 1}), {"coarse": [name]})
    chunks = pd.read_csv(
        file, sep=separator, names=columns, dtype=str, keep_default_na=False, index_col=False,
        encoding="utf-8", encoding_errors="replace", chunksize=ROWS_AT_ONCE, skip_blank_lines=True,
    )  # fmt: skip
    return _read_frames(iter(chunks), name, bounds)


def _read_frames(
    frames: Iterator[pd.DataFrame], name: str, bounds: tuple[float, float, float, float] | None
) -> RawCensus:
    raw = RawCensus(_empty())
    parts = [_one_frame(frame, name, bounds, raw) for frame in frames]
    parts = [part for part in parts if len(part)]
    if parts:
        raw.counts = pd.concat(parts, ignore_index=True)
    return raw


def _one_frame(
    frame: pd.DataFrame,
    name: str,
    bounds: tuple[float, float, float, float] | None,
    raw: RawCensus,
) -> pd.DataFrame:
    if bounds is not None:
        frame = _near(frame, bounds)
    cells = _cells(frame, raw)
    keep = cells["size_m"].isin(SIZES_M)
    raw.tally["coarse_rows"] += int((cells["size_m"] > 0).sum() - keep.sum())
    if bounds is not None:
        west, south, east, north = bounds
        size = cells["size_m"]
        keep &= cells["x"].between(west - size, east) & cells["y"].between(south - size, north)
    frame, cells = frame[keep], cells[keep]
    names = {plain(c): c for c in frame.columns}
    if "merkmal" in names or "theme" in names:
        return _long(frame, cells, names, name, raw)
    return _wide(frame, cells, name, raw)


def _near(frame: pd.DataFrame, bounds: tuple[float, float, float, float]) -> pd.DataFrame:
    """Leave out rows whose written middle is far away: cheaper than to read their ids."""
    names = {plain(c): c for c in frame.columns}
    keep = np.ones(len(frame), dtype=bool)
    for axis, low, high in (("x", bounds[0], bounds[2]), ("y", bounds[1], bounds[3])):
        column = next((c for n, c in names.items() if n.startswith(f"{axis}_mp")), None)
        if column is not None:
            middle = pd.to_numeric(frame[column], errors="coerce")
            margin = SIZES_M[-1]
            keep &= (middle.between(low - margin, high + margin) | middle.isna()).to_numpy()
    return frame[keep]


def _cells(frame: pd.DataFrame, raw: RawCensus) -> pd.DataFrame:
    """Return size and south-west corner of every row's cell; size 0 where it cannot be told."""
    names = {plain(c): c for c in frame.columns}
    ids = [n for n in ("gitter_id_100m_neu", "gitter_id_100m", "gitter_id_1km") if n in names]
    cells = (
        _from_ids(frame[names[ids[0]]])
        if ids
        else _from_centres(frame[names["x"]], frame[names["y"]])
    )
    bad = cells["size_m"] == 0
    if bad.any():
        raw.tally["bad_cell"] += int(bad.sum())
        seen = frame.loc[bad].iloc[:5]
        shown = seen[names[ids[0]] if ids else names["x"]]
        raw.examples.setdefault("bad_cell", []).extend(shown.astype(str))
    return cells


def _from_ids(ids: pd.Series[Any]) -> pd.DataFrame:
    """
    Read `CRS3035RES100mN2689100E4337000` and the short `100mN26891E43370` (in hundreds of m).

    >>> ids = pd.Series(["100mN26891E43370", "CRS3035RES1000mN2689000E4337000"])
    >>> _from_ids(ids).to_numpy().tolist()
    [[100, 4337000, 2689100], [1000, 4337000, 2689000]]
    """
    found = ids.astype(str).str.extract(CELL)
    known = found[0].notna()
    size = pd.to_numeric(found[0]).fillna(0).astype("int64")
    size = size * np.where(found[1] == "km", 1000, 1)
    xy = found[[3, 2]].apply(pd.to_numeric).fillna(0).astype("int64")
    short = known & (found[2].str.len() < 7) & (xy.max(axis=1) < 100_000)
    scale = np.where(short, size, 1)
    return pd.DataFrame({"size_m": size, "x": xy[3] * scale, "y": xy[2] * scale})


def _from_centres(x: pd.Series[Any], y: pd.Series[Any]) -> pd.DataFrame:
    """Tell size and corner from a centre: those of 100 m end in 50, of 1 km in 500."""
    xy = pd.DataFrame({"x": pd.to_numeric(x, "coerce"), "y": pd.to_numeric(y, "coerce")})
    size = pd.Series(0, index=xy.index)
    for step in (100, 1000, 10_000):
        fits = ((xy - step / 2) % step == 0).all(axis=1)
        size = size.mask(fits & (size == 0), step)
    corner = xy.fillna(0).sub(size / 2, axis=0).astype("int64")
    return pd.DataFrame({"size_m": size.astype("int64"), "x": corner["x"], "y": corner["y"]})


def _long(
    frame: pd.DataFrame, cells: pd.DataFrame, names: dict[str, str], name: str, raw: RawCensus
) -> pd.DataFrame:
    """Take Merkmal and code (2011), or theme as `buildings_BAUJAHR_MZ_1`."""
    if "theme" in names:
        key, value = frame[names["theme"]].astype(str), frame[names["value"]]
    else:
        unit = unit_of_file(name)
        code = frame[names["auspraegung_code"]].astype(str).str.strip()
        key = unit + "_" + frame[names["merkmal"]].astype(str).str.strip() + "_" + code
        value = frame[names["anzahl"]]
    meanings = {k: _meaning_of_key(k) for k in key.unique()}
    _note_unused([k for k, m in meanings.items() if m is None], raw)
    quality = next((names[n] for n in ("anzahl_q", "quality") if n in names), None)
    if quality is not None:
        raw.tally["uncertain"] += int((pd.to_numeric(frame[quality], "coerce") > 0).sum())
    used = {k: m for k, m in meanings.items() if m is not None}
    rows = key.isin(list(used))
    parts = _counts(cells[rows], value[rows], raw)
    kept = key.reindex(parts.index)
    return parts.assign(
        year=2011,
        theme=kept.map({k: m.theme for k, m in used.items()}),
        **{"class": kept.map({k: m.word for k, m in used.items()})},
        rank=0,
    )[COLUMNS]


def _meaning_of_key(key: str) -> Meaning | None:
    unit, _, rest = key.partition("_")
    feature, _, code = rest.rpartition("_")
    if feature in {"", "INSGESAMT"} or not code.isdigit():
        feature, code = ("INSGESAMT", "0") if "INSGESAMT" in rest else (rest, "0")
    return meaning_of_code(unit, feature, int(code))


def _wide(frame: pd.DataFrame, cells: pd.DataFrame, name: str, raw: RawCensus) -> pd.DataFrame:
    """Take one column a class or total."""
    columns = [str(c) for c in frame.columns]
    meanings = meaning_of_columns(columns, file_name=name)
    ours = ("gitter_id", "x_mp", "y_mp", "werterlaeuternde", "insgesamt_")
    others = [c for c in columns if c not in meanings and not plain(c).startswith(ours)]
    _note_unused([c for c in others if plain(c) not in {"x", "y", ""}], raw)
    signs = next((c for c in columns if plain(c).startswith("werterlaeuternde")), None)
    if signs is not None:
        raw.tally["uncertain"] += int(frame[signs].astype(str).str.contains("KLAMMERN").sum())
    is_2011 = "2011" in name or any(c.startswith("Gitter_ID") for c in columns)
    parts = [_empty()]
    for column, meaning in meanings.items():
        counts = _counts(cells, frame[column], raw)
        parts.append(
            counts.assign(
                year=2011 if is_2011 else 2022,
                theme=meaning.theme,
                **{"class": meaning.word},
                rank=meaning.rank,
            )[COLUMNS]
        )
    return pd.concat([p for p in parts if len(p)] or [_empty()], ignore_index=True)


def _counts(cells: pd.DataFrame, value: pd.Series[Any], raw: RawCensus) -> pd.DataFrame:
    """Keep what is a count; suppressed, empty and odd values are tallied, never taken as zero."""
    if pd.api.types.is_numeric_dtype(value):
        number, text = value.astype("float64"), None
        missing = number.isna()
    else:
        text = value.fillna("").astype(str).str.strip()
        bare = text.str.removeprefix("(").str.removesuffix(")").str.replace(",", ".")
        number = pd.to_numeric(bare, errors="coerce")
        missing = text == ""
    suppressed = number.lt(0) | (text.isin(MARKS) if text is not None else False)
    known = number.notna() & ~suppressed
    odd = ~known & ~suppressed & ~missing | known & ((number % 1 != 0) | ~np.isfinite(number))
    raw.tally["suppressed"] += int(suppressed.sum())
    raw.tally["missing"] += int(missing.sum())
    if odd.any():
        raw.tally["odd"] += int(odd.sum())
        raw.examples.setdefault("odd", []).extend(value[odd].astype(str).head(5))
    kept = known & ~odd
    return cells[kept].assign(count=number[kept].astype("float64"))


def _note_unused(names: list[str], raw: RawCensus) -> None:
    raw.examples.setdefault("unused", []).extend(names)


def _empty() -> pd.DataFrame:
    types = {"theme": "str", "class": "str", "count": "float64"}
    return pd.DataFrame({c: pd.Series(dtype=types.get(c, "int64")) for c in COLUMNS})
