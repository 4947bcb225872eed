"""What can be fetched, as data (`products.toml`)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Product:
    """One data set of an office."""

    key: str
    source: str  # key in sources.toml
    service: str  # whose addresses stand there
    scope: str  # tile, district (Kreis), municipality, state, country, station, osm
    kind: str  # as which `twin build` reads it, "" where it does not
    year: int = 0  # of the newest files known here
    extra: bool = False  # only fetched when named


@dataclass(frozen=True)
class Wanted:
    """One file that should lie in the folder in the end."""

    product: Product
    slot: str  # what it stands for, whatever the year in its name
    path: str  # in the folder
    url: str
    size: int | None = None  # bytes, where the list of files says so
    border: bool = False  # may be absent


@cache
def products() -> dict[str, Product]:
    """
    Return all products by key.

    >>> products()["lod2"].scope
    'tile'
    """
    text = Path(__file__).with_name("products.toml").read_text("utf-8")
    return {key: Product(key, **entry) for key, entry in tomllib.loads(text).items()}


def chosen(what: Sequence[str] | None) -> list[Product]:
    """Return the products named, or the usual ones; `SourceError` for a name that is none."""
    if what is None:
        return [product for product in products().values() if not product.extra]
    wrong = sorted(set(what) - products().keys())
    if wrong:
        template = "{wrong} is nothing that can be fetched; known are {known}."
        hint = "Separate several by commas."
        known = ", ".join(products())
        raise SourceError(template, hint=hint, wrong=", ".join(wrong), known=known)
    return [product for key, product in products().items() if key in what]
