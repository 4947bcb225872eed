"""`fetched.json`: what lies in the folder, from where, with which checksum and licence."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from layers.source import known_sources, sha256_of
from layers.web import disk_errors

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from layers.fetch.municipalities import Municipality
    from layers.fetch.products import Product

NAME = "fetched.json"
LICENCE = "LICENCE.txt"
FORMAT = 1


@dataclass(frozen=True)
class FetchedFile:
    """One file in the folder."""

    path: str  # in the folder
    slot: str
    product: str
    kind: str  # as which `twin build` reads it, "" where it does not
    url: str
    source: str  # key in sources.toml
    licence: str
    sha256: str
    size: int  # bytes
    retrieved: str  # ISO time, UTC
    date: str = ""


def read_manifest(folder: Path) -> dict[str, FetchedFile]:
    """Return the files of a folder by slot; nothing where the manifest is absent or damaged."""
    try:
        content = json.loads((folder / NAME).read_text("utf-8"))
        files = [FetchedFile(**entry) for entry in content["files"]]
    except (OSError, ValueError, TypeError, KeyError):
        return {}
    return {file.slot: file for file in files if _inside(file.path)}


def write_manifest(
    folder: Path, town: Municipality, files: Iterable[FetchedFile], *, boundary: str
) -> None:
    """Write the manifest; it is replaced in one step, so that no half one is ever seen."""
    content: dict[str, Any] = {
        "format": FORMAT,
        "place": town.name,
        "ags": town.ags,
        "district": town.district,
        "crs": "EPSG:25832",
        "boundary": boundary or None,
        "files": [asdict(file) for file in sorted(files, key=lambda f: f.path)],
    }
    part = folder / (NAME + ".part")
    with disk_errors(folder / NAME):
        part.write_text(json.dumps(content, indent=1, ensure_ascii=False), "utf-8")
        part.replace(folder / NAME)


def is_whole(folder: Path, file: FetchedFile) -> bool:
    """Say whether a file is there as it was fetched, by size and checksum."""
    path = folder / file.path
    try:
        return path.stat().st_size == file.size and sha256_of(path) == file.sha256
    except OSError:
        return False


def write_licence(folder: Path, product: Product) -> None:
    """Store the terms beside the data."""
    source = known_sources()[product.source]
    lines = [
        source.title,
        f"Lizenz / licence: {source.licence}",
        source.licence_url,
        f"Quellenvermerk / attribution: {source.attribution}",
        f"Quelle / source: {source.url}",
        source.note,
    ]
    path = folder / product.key / LICENCE
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(line for line in lines if line) + "\n", "utf-8")


def _inside(path: str) -> bool:
    return not path.startswith(("/", "\\")) and ".." not in path.replace("\\", "/").split("/")
