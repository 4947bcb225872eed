"""Which files a folder of an office really holds: index.json, XML or a page of links."""

from __future__ import annotations

import dataclasses
import html
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from layers.source import cache_name, download, find_entry
from layers.web import TryAgainError, request
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from layers.fetch.products import Wanted
    from layers.web import Manners

LIST_AGE_DAYS = 7.0
PLACE = re.compile(r"\\\{([A-Z_]+)\\\}")
FREE = {"YYYY": r"\d{4}", "SPAN": r"\d{8}_\d{8}", "DISTRICT_NAME": r".+?", "NAME": r".+?",
        "E": r"\d{3}", "N": r"\d{4}", "STATION": r"\d{5}"}  # fmt: skip


@dataclass(frozen=True)
class Listed:
    """A file as the list names it."""

    name: str
    size: int | None = None  # bytes


class Lists:
    """Lists of files by folder, each asked once; None where a folder gives none."""

    def __init__(self, cache_dir: Path, manners: Manners) -> None:
        self.cache_dir = cache_dir
        self.manners = manners
        self.known: dict[str, tuple[Listed, ...] | None] = {}

    def of(self, pattern: str) -> tuple[Listed, ...] | None:
        """Return the files of the folder that an address pattern lies in."""
        folder = pattern.rpartition("/")[0]
        if folder not in self.known:
            self.known[folder] = self._ask(folder)
        return self.known[folder]

    def _ask(self, folder: str) -> tuple[Listed, ...] | None:
        page = self.cache_dir / cache_name(f"{folder}/")
        order = ("/", "/index.json") if find_entry(page) else ("/index.json", "/")
        for name in order:
            try:
                entry = download(
                    folder + name, cache_dir=self.cache_dir, manners=self.manners,
                    max_age_days=LIST_AGE_DAYS,
                )  # fmt: skip
            except SourceError as error:
                if error.values.get("status") in {403, 404, 410}:
                    continue
                raise
            found = parse(entry.path.read_text("utf-8", "replace"))
            if found:
                return found
        return None


def parse(text: str) -> tuple[Listed, ...]:
    """
    Return the files of a list: JSON of opengeodata.nrw.de, its XML, or the links of a page.

    >>> parse('{"datasets": [{"files": [{"name": "a.tif", "size": "12"}]}]}')
    (Listed(name='a.tif', size=12),)
    >>> parse('<a href="b%20c.zip">b c.zip</a>')
    (Listed(name='b c.zip', size=None),)
    """
    try:
        return tuple(_in_json(json.loads(text)))
    except ValueError:
        pass
    named = re.findall(r"<file\b([^>]*)>", text)
    if named:
        return tuple(_in_xml(named))
    links = dict.fromkeys(re.findall(r"""href=["']([^"'?#]+)["']""", text))
    return tuple(Listed(unquote(html.unescape(link))) for link in links)


def _in_json(content: object) -> Iterator[Listed]:
    datasets = content.get("datasets", []) if isinstance(content, dict) else []
    for dataset in datasets:
        for file in dataset.get("files", []):
            size = str(file.get("size", ""))
            yield Listed(str(file["name"]), int(size) if size.isdigit() else None)


def _in_xml(named: list[str]) -> Iterator[Listed]:
    for attributes in named:
        found = dict(re.findall(r"""(\w+)=["']([^"']*)["']""", attributes))
        if "name" in found:
            size = found.get("size", "")
            yield Listed(html.unescape(found["name"]), int(size) if size.isdigit() else None)


def fill(pattern: str, known: Mapping[str, str]) -> str:
    """
    Return an address with the places filled that are known.

    >>> fill("t_{E}_{N}_{YYYY}.tif", {"E": "370", "N": "5630"})
    't_370_5630_{YYYY}.tif'
    """
    for name, value in known.items():
        pattern = pattern.replace(f"{{{name}}}", value)
    return pattern


def by_place(
    pattern: str, listing: tuple[Listed, ...], key: Callable[[re.Match[str]], str]
) -> dict[str, Listed]:
    """
    Return the newest file for each key, out of those whose name fits the pattern.

    `key` names the place a match stands for; the name that sorts last is the newest, because
    names differ in year or span only.
    """
    name = pattern.rpartition("/")[2]
    fits = re.compile(
        PLACE.sub(lambda m: f"(?P<{m[1]}>{FREE.get(m[1], '.+?')})", re.escape(name)), re.IGNORECASE
    )
    found: dict[str, Listed] = {}
    for listed in listing:
        match = fits.fullmatch(listed.name)
        if match is None:
            continue
        place = key(match)
        if place not in found or listed.name > found[place].name:
            found[place] = listed
    return found


def with_size(item: Wanted, manners: Manners) -> Wanted:
    """Return a file with the size its server names; as it is where that is unknown."""
    if item.size is not None:
        return item
    try:
        headers = {"Accept-Encoding": "identity"}
        with request("HEAD", item.url, manners=manners, headers=headers) as answer:
            size = answer.headers.get("Content-Length", "")
    except (SourceError, TryAgainError):
        return item
    return dataclasses.replace(item, size=int(size) if size.isdigit() else None)
