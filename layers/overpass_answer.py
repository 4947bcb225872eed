"""One question to one Overpass server, and what its answers mean."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import osmium

from layers.source import CHUNK, keep
from layers.web import (
    Manners,
    TryAgainError,
    disk_errors,
    half_an_answer,
    request,
    retry_after_s,
)
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import requests

    from layers.source import CacheEntry


class TooHeavyError(Exception):
    """The server gave up on a tile: it holds too much."""


def ask(
    server: str, text: str, path: Path, *, manners: Manners, tell: Callable[[], None]
) -> CacheEntry:
    """Ask one server once; what is not a whole, sound answer is thrown away."""
    url = f"{server.rstrip('/')}/interpreter"
    part = path.with_name(path.name + ".part")
    accept = frozenset({200, 400, 429})
    with request("POST", url, manners=manners, data={"data": text}, accept=accept) as answer:
        if answer.status_code == 429:
            raise _no_slot(answer, server, manners)
        _refuse_page(answer)
        with disk_errors(part), part.open("wb") as handle:
            for chunk in answer.iter_content(CHUNK):
                handle.write(chunk)
                tell()
    _check(part, url)
    return keep(part, path, url=url, source="osm", date=osm_base(part))


def _no_slot(answer: requests.Response, server: str, manners: Manners) -> TryAgainError:
    """Ask a server that is full when it has room for us again."""
    wait = retry_after_s(answer)
    if wait is None:
        wait = _slot_wait_s(server, manners)
    template = "{url} has no room for another question now (HTTP 429)."
    hint = "Try again in a few minutes."
    return TryAgainError(SourceError(template, hint=hint, url=answer.url), wait_s=wait)


def _slot_wait_s(server: str, manners: Manners) -> float | None:
    try:
        with request("GET", f"{server.rstrip('/')}/status", manners=manners) as status:
            found = re.findall(r"Slot available after: .*in (-?\d+) sec", status.text)
    except (SourceError, TryAgainError):
        return None
    return max(float(min(map(int, found))), 0.0) + 1 if found else None


def _refuse_page(answer: requests.Response) -> None:
    """Tell a page for people (an error, a login) from data."""
    if "html" not in answer.headers.get("Content-Type", ""):
        return
    words = re.findall(r"<p><strong[^>]*>Error</strong>:(.*?)</p>", answer.text, re.DOTALL)
    reason = html.unescape(" ".join(words))[:300].strip() or "a page without explanation"
    template = "{url} answered with a web page instead of data: {reason}"
    hint = "Try again later, and see whether this network first wants a login in the browser."
    error = SourceError(template, hint=hint, url=answer.url, reason=reason)
    raise error if answer.status_code == 400 else TryAgainError(error)


def _check(part: Path, url: str) -> None:
    """
    Read an answer through once: whole, well-formed and without a remark of failure.

    Overpass says 200 before it knows whether it will finish; what went wrong stands at the end.
    """
    with part.open("rb") as handle:
        handle.seek(max(part.stat().st_size - 2000, 0))
        end = handle.read().decode("utf-8", "replace")
    remark = re.search(r"<remark>\s*(runtime error:.*?)\s*</remark>", end, re.DOTALL)
    if remark and re.search("timed out|out of memory", remark[1]):
        raise TooHeavyError(html.unescape(remark[1]))
    if remark:
        template = "{url} gave up: {reason}"
        reason = html.unescape(remark[1])
        hint = "Try again later."
        raise TryAgainError(SourceError(template, hint=hint, url=url, reason=reason))
    if not end.rstrip().endswith("</osm>"):
        raise TryAgainError(half_an_answer(url))
    try:
        for _ in osmium.FileProcessor(osmium.io.File(str(part), "osm")):
            pass
    except (RuntimeError, ValueError, osmium.InvalidLocationError) as error:
        template = "{url} gave an answer that cannot be read: {reason}"
        hint = "Try again later."
        unreadable = SourceError(template, hint=hint, url=url, reason=error)
        raise TryAgainError(unreadable) from error


def osm_base(tile: Path) -> str:
    """Return the ISO date of the data in an Overpass answer, "" where it does not say."""
    with tile.open(encoding="utf-8") as handle:
        found = re.search(r'osm_base="(\d{4}-\d\d-\d\d)', handle.read(2000))
    return found[1] if found else ""
