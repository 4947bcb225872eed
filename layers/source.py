"""The cache of the outside world: what was fetched, from where, when, under which licence."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from platformdirs import user_cache_path

from layers.web import Manners, TryAgainError, disk_errors, half_an_answer, patiently, request
from twin.errors import SourceError
from twin.provenance import Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

    from layers.source_data import Progress

CHUNK = 1 << 16
CATALOGUE = Path(__file__).with_name("sources.toml")  # data/sources.toml holds the same


@dataclass(frozen=True)
class CacheEntry:
    """One fetched file and what is known of it; rests as JSON beside the file."""

    path: Path
    url: str
    source: str  # key in data/sources.toml, "" where it is none of them
    licence: str
    retrieved: str  # ISO time of the download, UTC
    checked: str  # ISO time at which the server last said that it is still the newest
    sha256: str
    size: int  # bytes
    date: str = ""  # ISO date of the data inside, where the server says so
    etag: str = ""
    last_modified: str = ""
    note: str = ""


@cache
def known_sources() -> dict[str, Source]:
    """
    Return the sources of `data/sources.toml` by key.

    >>> known_sources()["osm"].licence
    'ODbL-1.0'
    """
    return {
        key: Source(
            key=key, **{name: value for name, value in entry.items() if name != "addresses"}
        )
        for key, entry in _catalogue().items()
    }


def addresses(source: str, service: str) -> tuple[str, ...]:
    """
    Return the addresses at which a service of a source answers, in the order to ask them.

    >>> addresses("osm", "nominatim")
    ('https://nominatim.openstreetmap.org',)
    """
    return tuple(_catalogue()[source]["addresses"][service])


def source_record(key: str, **known: Any) -> Source:
    """
    Return the record of a source with what is known of this reading (`date`, `url`, `tables` …).

    >>> source_record("osm", date="2026-01-01").attribution
    '© OpenStreetMap contributors'
    """
    return dataclasses.replace(known_sources()[key], **known)


def cache_folder(folder: Path | None = None) -> Path:
    """
    Return the cache folder, created where absent.

    `folder`, else `$TWIN_CACHE`, else the folder the platform has for caches (on Linux
    `$XDG_CACHE_HOME/troisdorf-twin`). Raises `SourceError` where it cannot be written.
    """
    chosen = folder or os.environ.get("TWIN_CACHE") or user_cache_path("troisdorf-twin")
    path = Path(chosen).expanduser()
    with disk_errors(path):
        path.mkdir(parents=True, exist_ok=True)
    return path


def cache_name(url: str) -> str:
    """
    Return the file name of an address: readable, with its ending, and unique.

    >>> cache_name("https://example.org/de/town.osm.pbf?x=1")
    'f08b24c0-town.osm.pbf'
    """
    digest = hashlib.sha256(url.encode()).hexdigest()[:8]
    last = urlsplit(url).path.rstrip("/").rpartition("/")[2]
    return f"{digest}-{re.sub(r'[^A-Za-z0-9._-]+', '_', last)[-80:] or 'index'}"


def find_entry(path: Path) -> CacheEntry | None:
    """Return what is known of a cached file; None where it is absent, damaged or half-known."""
    try:
        known = json.loads(_record_of(path).read_text("utf-8"))
        entry = CacheEntry(path=path, **known)
        return entry if path.stat().st_size == entry.size else None
    except (OSError, ValueError, TypeError):
        return None


def keep(part: Path, path: Path, *, url: str, source: str = "", **known: str) -> CacheEntry:
    """
    Move the finished file `part` to `path` and note down where it comes from.

    `known` are fields of `CacheEntry`. The record is written last: whatever is interrupted in
    between leaves a file without record, which counts as absent.
    """
    now = _now()
    with disk_errors(path):
        licence = known_sources()[source].licence if source else ""
        facts = {"retrieved": now, "checked": now, "sha256": sha256_of(part), **known}
        size = part.stat().st_size
        entry = CacheEntry(path, url, source, licence, size=size, **facts)
        _record_of(path).unlink(missing_ok=True)
        part.replace(path)
        _write_record(entry)
    return entry


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal text."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def download(  # noqa: PLR0913 - one keyword each reads better than a bundle
    url: str,
    *,
    source: str = "",
    cache_dir: Path | None = None,
    sha256: str | None = None,
    max_age_days: float | None = None,
    progress: Progress | None = None,
    manners: Manners | None = None,
) -> CacheEntry:
    """
    Return the file behind an address from the cache, fetching it where it is not there.

    A cached file is used without asking; if it is older than `max_age_days`, the server is asked
    whether there is a newer one, and without an answer the cached one serves. `source` is a key
    of `data/sources.toml`. What has arrived survives a cancelled or broken download and is
    continued by the next call. Raises `SourceError` for everything that hinders, also where the
    file differs from the expected `sha256`.
    """
    manners = manners or Manners()
    path = cache_folder(cache_dir) / cache_name(url)
    cached = find_entry(path)
    if cached and sha256 and sha256_of(path) != sha256.lower():
        cached = None
    if cached and not _is_older(cached, max_age_days):
        return cached
    part = _part_of(path)
    try:
        answer = patiently(
            lambda: _fetch(url, part, cached=cached, progress=progress, manners=manners),
            manners=manners,
        )
    except SourceError:
        if cached:
            return cached  # old data are better than none; `checked` says how old
        raise
    if cached and answer is None:
        return _confirm(cached)
    _verify(part, url, sha256)
    known = answer or {}
    _state_of(part).unlink(missing_ok=True)
    return keep(part, path, url=url, source=source, **known)


def _fetch(
    url: str,
    part: Path,
    *,
    cached: CacheEntry | None,
    progress: Progress | None,
    manners: Manners,
) -> dict[str, str] | None:
    """Write the body of `url` to `part`, continuing it; None where the cached file is newest."""
    resume = _resume_headers(part, url)
    ask = resume or _renewal_headers(cached)
    with request(
        "GET",
        url,
        manners=manners,
        headers={"Accept-Encoding": "identity", **ask},  # ranges count bytes as sent
        accept=frozenset({200, 206, 304, 416}),
    ) as answer:
        if answer.status_code == 304:
            return None
        if answer.status_code == 416 or _starts_elsewhere(answer, part):
            _state_of(part).unlink(missing_ok=True)
            raise TryAgainError(half_an_answer(url), wait_s=0)
        _refuse_web_page(answer, url)
        known = {
            "etag": answer.headers.get("ETag", ""),
            "last_modified": answer.headers.get("Last-Modified", ""),
        }
        with disk_errors(part):
            _state_of(part).write_text(json.dumps({"url": url, **known}), "utf-8")
            _write_body(answer, part, progress)
    return known


def _write_body(answer: requests.Response, part: Path, progress: Progress | None) -> None:
    append = answer.status_code == 206
    done = part.stat().st_size if append else 0
    total = done + int(answer.headers.get("Content-Length", 0))
    with part.open("ab" if append else "wb") as handle:
        for chunk in answer.iter_content(CHUNK):
            handle.write(chunk)
            done += len(chunk)
            if progress:
                progress("Downloading", min(done / total, 1.0) if total else 0.0)
        handle.flush()
        os.fsync(handle.fileno())
    if done < total:
        raise TryAgainError(half_an_answer(answer.url))
    if part.stat().st_size != done:  # another process writes the same file: start anew
        _state_of(part).unlink(missing_ok=True)
        raise TryAgainError(half_an_answer(answer.url))


def _resume_headers(part: Path, url: str) -> dict[str, str]:
    """Ask for the rest of `part`, provided the file at the server is still the same."""
    try:
        state = json.loads(_state_of(part).read_text("utf-8"))
        size = part.stat().st_size
    except (OSError, ValueError):
        return {}
    etag = "" if state["etag"].startswith("W/") else state["etag"]  # weak ones do not count bytes
    same = etag or state["last_modified"]
    if not (size and same and state["url"] == url):
        return {}
    return {"Range": f"bytes={size}-", "If-Range": same}


def _renewal_headers(cached: CacheEntry | None) -> dict[str, str]:
    if cached is None:
        return {}
    asked = {"If-None-Match": cached.etag, "If-Modified-Since": cached.last_modified}
    return {name: value for name, value in asked.items() if value}


def _starts_elsewhere(answer: requests.Response, part: Path) -> bool:
    if answer.status_code != 206:
        return False
    start = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    return start is None or int(start[1]) != part.stat().st_size


def _refuse_web_page(answer: requests.Response, url: str) -> None:
    kind = answer.headers.get("Content-Type", "")
    if kind.startswith("text/html") and not urlsplit(url).path.endswith((".html", ".htm", "/")):
        template = "{url} gives a web page instead of a file."
        hint = "Check the address, and whether this network first wants a login in the browser."
        raise SourceError(template, hint=hint, url=url)


def _verify(part: Path, url: str, sha256: str | None) -> None:
    if sha256 is None or sha256_of(part) == sha256.lower():
        return
    _state_of(part).unlink(missing_ok=True)
    part.unlink()
    template = "The file from {url} differs from the one expected: its checksum is another."
    hint = "Try again; if it stays so, the file was changed at the source."
    raise SourceError(template, hint=hint, url=url)


def _confirm(entry: CacheEntry) -> CacheEntry:
    confirmed = dataclasses.replace(entry, checked=_now())
    with disk_errors(entry.path):
        _write_record(confirmed)
    return confirmed


def _write_record(entry: CacheEntry) -> None:
    facts = {name: value for name, value in dataclasses.asdict(entry).items() if name != "path"}
    record = _record_of(entry.path)
    stage = record.with_name(record.name + ".part")
    stage.write_text(json.dumps(facts, indent=1, ensure_ascii=False), "utf-8")
    stage.replace(record)


def _is_older(entry: CacheEntry, days: float | None) -> bool:
    if days is None:
        return False
    return datetime.now(UTC) - datetime.fromisoformat(entry.checked) > timedelta(days=days)


def _record_of(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def _part_of(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def _state_of(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@cache
def _catalogue() -> Mapping[str, dict[str, Any]]:
    return tomllib.loads(CATALOGUE.read_text("utf-8"))
