"""Timetables in GTFS: read one day of a feed (I/O), translate it to the standard tables (pure)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layers.source import sha256_of, source_record
from layers.source_data import SourceData
from layers.transit.feed import looks_like_transit, open_feed
from layers.transit.merge import merge_stops
from layers.transit.read import RawTransit, read_raw, stops_in
from layers.transit.streets import attach_stops
from layers.transit.translate import translate
from twin.crs import utm_crs
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layers.source_data import Area, Progress
    from twin.provenance import Finding, Source

__all__ = ["attach_stops", "looks_like_transit", "merge_stops", "read_transit", "translate"]

TABLES = ("stops", "lines", "trips", "stop_times", "transfers")


def read_transit(
    path_or_paths: Path | Sequence[Path],
    *,
    day: str = "weekday",
    area: Area | None = None,
    progress: Progress | None = None,
) -> SourceData:
    """
    Read one day of one or several GTFS feeds into the standard tables.

    Parameters
    ----------
    path_or_paths
        Zip files or folders; the tables may lie one folder deep. Of several feeds the keys carry
        the name of the feed, `gtfs:name:id`.
    day
        "weekday", "saturday", "sunday": the typical date of that kind
        (`layers.transit.service.choose_date` says which); or an ISO date. Trips count to the day
        on which they begin, also past midnight.
    area
        Only trips that halt in it are kept, each of them whole.

    Raises
    ------
    SourceError
        A feed is missing, damaged, lacks a needed table or has no trips on that day.
    """
    paths = [path_or_paths] if isinstance(path_or_paths, Path) else list(path_or_paths)
    names = _names(paths)
    raws: list[tuple[str, RawTransit]] = []
    for i, name in enumerate(sorted(names)):
        part = _part(progress, i, len(names))
        feed = open_feed(names[name], name=name)
        raws.append((name, read_raw(feed, day=day, area=area, progress=part)))
    crs = _crs_of([raw for _, raw in raws], area)
    tables: dict[str, list[pd.DataFrame]] = {table: [] for table in TABLES}
    findings: list[Finding] = []
    for name, raw in raws:
        prefix = f"gtfs:{name}:" if len(raws) > 1 else "gtfs:"
        found, seen = translate(raw, crs=crs, prefix=prefix, area=area)
        findings += seen
        for table, frame in found.items():
            tables[table].append(frame)
    joined = {table: pd.concat(frames).sort_index() for table, frames in tables.items()}
    if progress:
        progress("Done", 1.0)
    source = _source(raws, [names[name] for name, _ in raws])
    report = {"transit": _figures(raws, joined)}
    noticed = _added(findings)
    return SourceData("", crs, joined, source, noticed, report=report, kind="gtfs")


def _names(paths: Sequence[Path]) -> dict[str, Path]:
    """
    Return the feeds by name: the stem of the file; with part of the checksum where two share it.

    >>> _names([Path("in/VRS Soll.zip"), Path("in/vrr.zip")])
    {'vrs_soll': PosixPath('in/VRS Soll.zip'), 'vrr': PosixPath('in/vrr.zip')}
    """
    if not paths:
        raise SourceError("No timetable was given.", hint="Give a zip file in the GTFS format.")
    slugs = [re.sub(r"[^a-z0-9]+", "_", path.stem.lower()).strip("_") or "feed" for path in paths]
    clash = {slug for slug in slugs if slugs.count(slug) > 1}
    return {
        f"{slug}_{_checksum(path)[:8]}" if slug in clash else slug: path
        for slug, path in zip(slugs, paths, strict=True)
    }


def _checksum(path: Path) -> str:
    """Return the SHA-256 of a feed, of a folder that of its tables in order."""
    if not path.is_dir():
        return sha256_of(path) if path.exists() else ""
    files = sorted(path.rglob("*.txt"))
    parts = [f"{file.relative_to(path)} {sha256_of(file)}" for file in files]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _part(progress: Progress | None, i: int, count: int) -> Progress | None:
    if progress is None:
        return None
    return lambda step, share: progress(step, (i + share) / count)


def _crs_of(raws: list[RawTransit], area: Area | None) -> str:
    stops = pd.concat([raw.stops[["lon", "lat"]] for raw in raws])
    if area is not None:
        inside = stops_in(stops, area)
        stops = stops[inside] if inside.any() else stops
    return utm_crs(float(np.median(stops["lon"])), float(np.median(stops["lat"])))


def _source(raws: list[tuple[str, RawTransit]], paths: list[Path]) -> Source:
    """Name who published the feeds and which date was read."""
    publishers = [_publisher(raw) for _, raw in raws]
    sums = [_checksum(path) for path in paths]
    read_at = max(datetime.fromtimestamp(path.stat().st_mtime, UTC) for path in paths)
    days = [
        f"{publisher}: timetable of {raw.date:%A %Y-%m-%d} ({raw.day_type})"
        for publisher, (_, raw) in zip(publishers, raws, strict=True)
    ]
    urls = [raw.info["feed_publisher_url"].dropna() for _, raw in raws]
    known = source_record("gtfs")
    return replace(
        known,
        attribution=", ".join(dict.fromkeys(publishers)),
        url=next((str(url.iloc[0]) for url in urls if len(url)), known.url),
        date=max(f"{raw.date:%Y-%m-%d}" for _, raw in raws),
        retrieved=read_at.date().isoformat(),
        sha256=sums[0] if len(sums) == 1 else hashlib.sha256("".join(sums).encode()).hexdigest(),
        tables=TABLES,
        note="; ".join(days),
    )


def _publisher(raw: RawTransit) -> str:
    """Return the publisher, else the operators, three at most."""
    names = list(raw.info["feed_publisher_name"].dropna())
    names = names or sorted(raw.routes["operator"].dropna().unique())
    more = " …" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more or "GTFS"


def _added(findings: list[Finding]) -> tuple[Finding, ...]:
    """Return each kind of finding once, counts and totals of several feeds added."""
    found: dict[str, Finding] = {}
    for one in findings:
        old = found.get(one.code)
        if old is None:
            found[one.code] = one
            continue
        total = None if old.total is None or one.total is None else old.total + one.total
        examples = (*old.examples, *one.examples)[:5]
        found[one.code] = replace(old, count=old.count + one.count, total=total, examples=examples)
    return tuple(found.values())


def _figures(raws: list[tuple[str, RawTransit]], tables: dict[str, Any]) -> dict[str, Any]:
    """Return figures of the timetable for the quality report."""
    interpolated = tables["stop_times"]["time_source"].str.startswith("estimated")
    return {
        "dates": {name: f"{raw.date:%Y-%m-%d}" for name, raw in raws},
        "day_types": {name: raw.day_type for name, raw in raws},
        **{table: len(frame) for table, frame in tables.items()},
        "departures": int(tables["stop_times"]["boarding"].sum()),
        "estimated_times": int(interpolated.sum()),
    }
