"""Reads recorded days: a long table beside a description of its streams, or another store."""

from __future__ import annotations

import csv
import json
import re
import tomllib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import Field, ValidationError

from layers.sensors.common import Section, Unit
from layers.sensors.faults import (
    MOST_FAULTS,
    ConfigError,
    Fault,
    fault_of,
    keys_of,
    place_of,
)
from layers.sensors.properties import PROPERTIES
from layers.sensors.records import Datastream, Reason, Refusal, Statistic
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from pydantic_core import ErrorDetails

NAMES = {"stream": ("stream", "key"), "time": ("time", "at"), "value": ("value",)}
OFFSET = re.compile(r"(?:[zZ]|[+-]\d{2}:?\d{2})$")
FIRST_MS = 631_152_000_000  # 1990
MOST_ROWS = 50_000_000
OF_THE_STORE = {"key", "source", "replayed", "number", "first", "last", "places"}
KINDS = (".toml", ".json", ".csv")


class Described(Section):
    """A stream of a record; what is left out is that of its property."""

    stream: str = Field(min_length=1, max_length=300)
    property: str = Field(min_length=1, max_length=60)
    name: str = ""
    unit: Unit = ""
    statistic: Statistic | None = None
    lon: float | None = Field(default=None, ge=-180, le=180)
    lat: float | None = Field(default=None, ge=-90, le=90)
    height_m: float | None = None
    interval_s: float | None = Field(default=None, gt=0)
    low: float | None = None
    high: float | None = None
    alert_below: float | None = None
    alert_above: float | None = None
    people: bool | None = None
    public: bool = True
    street: str = ""
    direction: str = ""
    line: str = ""
    device: str = ""
    licence: str = ""
    attribution: str = ""
    extra: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """
    What was recorded.

    `table` has the columns stream (position in `streams`), at (ms UTC), value and delay (ms from
    `at` until it is told: a mean or count is known when its interval has passed), by time.
    `refused` counts what could not be read.
    """

    streams: tuple[Datastream, ...]
    table: pd.DataFrame
    refused: tuple[tuple[Refusal, int], ...] = ()
    fingerprint: str = ""


def read_file(path: Path, description: Path | None, *, source: str, zone: ZoneInfo) -> Record:
    """
    Read a long table (CSV, Parquet) and the description of its streams.

    Raises
    ------
    SourceError
        A file is missing or of another kind; the description has faults.
    """
    raw = _columns(_table(path), path)
    told = _described(_beside(path, description), source)
    streams = {row.stream: _stream(row, source) for row in told}
    names = tuple(streams)
    position = pd.Index(names).get_indexer(pd.Index(raw["stream"].astype("string").str.strip()))
    at, time_fault = _milliseconds(raw["time"], zone)
    value, value_fault = _numbers(raw["value"])
    fault = np.where(position < 0, "unknown_stream", "")
    fault = np.where((fault == "") & (time_fault != ""), time_fault, fault)
    fault = np.where((fault == "") & (value_fault != ""), value_fault, fault)
    table = pd.DataFrame({"stream": position, "at": at, "value": value})[fault == ""]
    refused = _refused(raw, fault, source)
    stat = path.stat()
    return record_of(tuple(streams.values()), table, refused, f"{stat.st_size}:{stat.st_mtime_ns}")


def record_of(
    streams: tuple[Datastream, ...],
    table: pd.DataFrame,
    refused: tuple[tuple[Refusal, int], ...] = (),
    fingerprint: str = "",
) -> Record:
    """Return a record by time, each stream and moment once (the last counts)."""
    steps = [
        1000 * (stream.interval_s or 0) if stream.statistic in {"mean", "count"} else 0
        for stream in streams
    ]
    ordered = table.drop_duplicates(["stream", "at"], keep="last")
    ordered = ordered.sort_values(["at", "stream"], kind="stable", ignore_index=True)
    delay = np.asarray(steps, "int64")[ordered["stream"].to_numpy("int64")]
    return Record(streams, ordered.assign(delay=delay), refused, fingerprint)


def _table(path: Path) -> pd.DataFrame:
    try:
        if path.suffix.lower() in {".parquet", ".pq"}:
            found = pd.read_parquet(path)
        else:
            found = pd.read_csv(
                path,
                sep=_separator(path),
                dtype="string",
                keep_default_na=False,
                nrows=MOST_ROWS + 1,
            )
    except (OSError, ValueError, UnicodeDecodeError) as error:
        template = "The recording {path} cannot be read: {reason}."
        hint = "It is a CSV or Parquet file with the columns stream, time and value."
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())[:200]
        raise SourceError(template, hint=hint, path=path, reason=reason) from error
    if len(found) > MOST_ROWS:
        template = "The recording {path} has more than {most} rows."
        raise SourceError(template, hint="Split it into several.", path=path, most=MOST_ROWS)
    return found


def _separator(path: Path) -> str:
    if path.suffix.lower() in {".gz", ".zip", ".bz2", ".xz", ".zst"}:
        return ","
    with path.open(encoding="utf-8-sig", newline="") as file:
        head = file.readline(10_000)
    return max(",;\t", key=head.count)


def _columns(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    plain = table.reset_index() if table.index.names != [None] else table
    plain = plain.rename(columns=lambda name: str(name).strip().lower())
    found = {
        word: next((name for name in names if name in plain), None) for word, names in NAMES.items()
    }
    missing = [word for word, name in found.items() if name is None]
    if missing:
        template = "The recording {path} has no column {missing}; it has {columns}."
        hint = "It needs the columns stream, time and value."
        columns = ", ".join(list(plain.columns)[:20])
        raise SourceError(
            template, hint=hint, path=path, missing=", ".join(missing), columns=columns
        )
    return pd.DataFrame({word: plain[name] for word, name in found.items()})


def _milliseconds(times: pd.Series, zone: ZoneInfo) -> tuple[np.ndarray, np.ndarray]:
    """Return milliseconds UTC, and why not where they are none."""
    moments = _moments(times, zone)
    at = moments.astype("datetime64[ms, UTC]").astype("int64").to_numpy()
    fault = np.where(at < FIRST_MS, "time_past", "")
    ahead = int(1000 * pd.Timestamp.now("UTC").timestamp()) + 86_400_000
    fault = np.where(at > ahead, "time_future", fault)
    return at, np.where(moments.isna(), "no_time", fault)


def _moments(times: pd.Series, zone: ZoneInfo) -> pd.Series:
    if pd.api.types.is_numeric_dtype(times):
        return pd.to_datetime(times, unit="ms", utc=True, errors="coerce")
    if isinstance(times.dtype, pd.DatetimeTZDtype):
        return pd.Series(times.dt.tz_convert("UTC"))
    if pd.api.types.is_datetime64_dtype(times):
        return _localised(times, zone)
    text = times.astype("string").str.strip()
    if text.str.fullmatch(r"\d{11,14}").fillna(value=False).all() and len(text):
        return pd.to_datetime(pd.to_numeric(text), unit="ms", utc=True, errors="coerce")
    aware = text.str.contains(OFFSET).fillna(value=False).to_numpy(bool)
    found = pd.Series(pd.NaT, index=times.index, dtype="datetime64[ms, UTC]")
    if aware.any():
        exact = pd.to_datetime(text[aware], utc=True, errors="coerce", format="ISO8601")
        found[aware] = exact.astype(found.dtype)
    if not aware.all():
        plain = pd.to_datetime(text[~aware], errors="coerce", format="ISO8601")
        found[~aware] = _localised(plain, zone).astype(found.dtype)
    return found


def _localised(times: pd.Series, zone: ZoneInfo) -> pd.Series:
    """Take times without an offset as local ones; the first of an hour that comes twice."""
    first = np.ones(len(times), bool)
    local = times.dt.tz_localize(zone, ambiguous=first, nonexistent="NaT")
    return pd.Series(local.dt.tz_convert("UTC"))


def _numbers(values: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    if pd.api.types.is_bool_dtype(values):
        return np.zeros(len(values)), np.full(len(values), "no_number")
    if pd.api.types.is_numeric_dtype(values):
        number = values.to_numpy("float64", na_value=np.nan)
        return number, np.where(np.isfinite(number), "", "not_finite")
    text = values.astype("string").str.strip()
    decimal = text.str.replace(",", ".", regex=False)
    number = pd.to_numeric(decimal, errors="coerce").to_numpy("float64", na_value=np.nan)
    odd = decimal.str.lower().isin(["nan", "inf", "-inf", "+inf", "infinity"]).to_numpy(bool)
    fault = np.where(np.isfinite(number), "", np.where(odd | np.isinf(number), "not_finite", ""))
    missing = text.isna().to_numpy(bool) | (text == "").fillna(value=True).to_numpy(bool)
    fault = np.where(missing, "no_value", fault)
    return number, np.where(~np.isfinite(number) & (fault == ""), "no_number", fault)


def _refused(raw: pd.DataFrame, fault: np.ndarray, source: str) -> tuple[tuple[Refusal, int], ...]:
    found = []
    for reason in sorted(set(fault) - {""}):
        places = np.flatnonzero(fault == reason)
        row = raw.iloc[places[-1]]
        detail = f"row {places[-1] + 1}: {row['stream']}, {row['time']}, {row['value']}"
        kind: Reason = str(reason)  # type: ignore[assignment]
        found.append((Refusal(source, kind, detail[:300]), len(places)))
    return tuple(found)


def _beside(path: Path, description: Path | None) -> Path:
    if description is not None:
        return description
    stem = path.name.split(".")[0]
    for kind in KINDS:
        if (found := path.with_name(f"{stem}.streams{kind}")).is_file():
            return found
    template = "The recording {path} has no description of its streams."
    hint = "Put {name} beside it, or name the file with streams."
    raise SourceError(template, hint=hint, path=path, name=f"{stem}.streams.toml")


def _described(path: Path, source: str) -> list[Described]:
    try:
        rows = _rows(path)
    except (OSError, ValueError, RecursionError) as error:
        template = "The description of streams {path} cannot be read: {reason}."
        hint = "It is TOML, JSON or CSV in UTF-8; see docs/sensors.md."
        reason = getattr(error, "strerror", None) or str(error)[:200]
        raise SourceError(template, hint=hint, path=path, reason=reason) from error
    found, faults = [], []
    for number, row in enumerate(rows):
        try:
            found.append(Described.model_validate(_named(row)))
        except ValidationError as error:
            faults += [_fault(entry, number) for entry in error.errors()]
    if faults:
        template = "The description of streams {path} cannot be used:"
        raise ConfigError(template, faults=faults[:MOST_FAULTS], path=path)
    if not found:
        template = "The description of streams {path} names no stream."
        hint = "Each stream has at least stream and property; see docs/sensors.md."
        raise SourceError(template, hint=hint, path=path)
    return found


def _fault(entry: ErrorDetails, number: int) -> Fault:
    place = place_of(("stream", number, *entry["loc"]))
    return fault_of(entry, known={place: keys_of(Described)}, prefix=f"stream[{number}].")


def _named(row: Any) -> Any:
    """Return a row of an export of the store as one of a description."""
    if not isinstance(row, dict):
        return row
    kept = {name: value for name, value in row.items() if name not in OF_THE_STORE}
    return {"stream": row["key"], **kept} if "key" in row and "stream" not in row else kept


def _rows(path: Path) -> Iterable[Any]:
    text = path.read_text("utf-8-sig")
    if path.suffix.lower() == ".csv":
        table = csv.DictReader(text.splitlines())
        return [
            {k.strip(): v.strip() for k, v in row.items() if k and v and v.strip()} for row in table
        ]
    content = tomllib.loads(text) if path.suffix.lower() == ".toml" else json.loads(text)
    if isinstance(content, dict):
        content = content.get("stream", content)
    if isinstance(content, dict):
        return [{"stream": key, **row} for key, row in content.items() if isinstance(row, dict)]
    return content if isinstance(content, list) else []


def _stream(row: Described, source: str) -> Datastream:
    usual = PROPERTIES.get(row.property)
    given: Mapping[str, Any] = row.model_dump(exclude={"stream", "statistic", "people", "unit"})
    stream = Datastream(
        key=own_key(source, row.stream),
        source=source,
        unit=row.unit or (usual.unit if usual else "1"),
        statistic=row.statistic or (usual.statistic if usual else "value"),
        people=row.people if row.people is not None else bool(usual and usual.people),
        replayed=True,
        **given,
    )
    return stream if stream.name else replace(stream, name=row.stream)


def own_key(source: str, key: str) -> str:
    """
    Return the key of a recorded stream under the name of the source that plays it.

    >>> own_key("demo", "Am Bach/vehicles"), own_key("demo", "demo/bridge/speed")
    ('demo/Am-Bach/vehicles', 'demo/bridge/speed')
    """
    parts = [part for part in key.split("/") if part]
    parts = parts[1:] if len(parts) > 1 and parts[0] == source else parts
    return "/".join([source, *("-".join(part.split()) for part in parts)])
