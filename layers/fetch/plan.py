"""Which files a municipality needs: address patterns filled with its tiles, keys and stations."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from layers.fetch.boundary import tiles_of
from layers.fetch.listing import PLACE, Listed, Lists, by_place, fill
from layers.fetch.products import Product, Wanted
from layers.fetch.stations import nearest_station
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from layers.fetch.municipalities import Municipality
    from layers.web import Manners


@dataclass
class Plan:
    """Files to fetch, and what is known in advance not to be there."""

    wanted: list[Wanted] = field(default_factory=list)
    absent: dict[str, list[str]] = field(default_factory=dict)  # tiles no list names, by product
    refused: dict[str, SourceError] = field(default_factory=dict)  # why a product cannot be had
    unlisted: list[str] = field(default_factory=list)  # products without a list of files


@dataclass(frozen=True)
class Place:
    """What patterns are filled with."""

    town: Municipality
    shape: BaseGeometry | None  # boundary in EPSG:25832
    addresses: Callable[[str, str], Sequence[str]]
    staging: Path
    manners: Manners


def make_plan(place: Place, chosen: Sequence[Product]) -> Plan:
    """Return what to fetch of the chosen products; a product that fails does not stop others."""
    plan = Plan()
    lists = Lists(place.staging, place.manners)
    for product in chosen:
        if product.scope == "osm":
            continue
        try:
            if product.scope == "tile":
                _tiles(plan, product, place, lists)
            else:
                _files(plan, product, place, lists)
        except SourceError as error:
            plan.refused[product.key] = error
    return plan


def _tiles(plan: Plan, product: Product, place: Place, lists: Lists) -> None:
    pattern = place.addresses(product.source, product.service)[0]
    listing = lists.of(pattern)
    cells = tiles_of(place.town, place.shape)
    names: dict[str, Listed] = {}
    if listing is None:
        plan.unlisted.append(product.key)
    else:
        names = by_place(pattern, listing, lambda m: f"{m['E']}_{m['N']}")
    for east, north in cells:
        slot = f"{east}_{north}"
        if listing is not None and slot not in names:
            plan.absent.setdefault(product.key, []).append(slot)
            continue
        guess = {"E": str(east), "N": str(north), "YYYY": str(product.year)}
        file = names.get(slot) or Listed(fill(pattern, guess).rpartition("/")[2])
        plan.wanted.append(_wanted(product, slot, pattern, file, border=True))
    if listing is not None and not any(slot in names for slot in (f"{e}_{n}" for e, n in cells)):
        template = "{product}: none of the {count} tiles of {town} is in the list of files."
        hint = "The office may have moved or renamed them."
        raise SourceError(
            template, hint=hint, product=product.key, count=len(cells), town=place.town.name
        )


def _files(plan: Plan, product: Product, place: Place, lists: Lists) -> None:
    """Fill the patterns of a product that is not cut into tiles; each gives one file."""
    town = place.town
    known = {"AGS": town.ags, "DISTRICT": town.district_ags}
    if product.scope == "station":
        asked = place.addresses(product.source, "stations")
        station = nearest_station(town, asked, staging=place.staging, manners=place.manners)
        known["STATION"] = station.id
    for pattern in place.addresses(product.source, product.service):
        half = fill(pattern, known)
        if not PLACE.search(_escaped(half)):
            slot = unquote(urlsplit(half).path).rpartition("/")[2]
            plan.wanted.append(_wanted(product, slot, half, Listed(slot)))
            continue
        plan.wanted.append(_resolved(plan, product, place, half, lists))


def _resolved(plan: Plan, product: Product, place: Place, half: str, lists: Lists) -> Wanted:
    """Look up in the list of files what a pattern leaves open; guess where there is none."""
    listing = lists.of(half)
    slot = half.rpartition("/")[2]
    if listing is None:
        plan.unlisted.append(product.key)
        names = {"DISTRICT_NAME": place.town.district.removeprefix("Kreis "),
                 "NAME": place.town.name}  # fmt: skip
        guessed = fill(half, names).rpartition("/")[2]
        return _wanted(product, slot, half, Listed(guessed))
    found = by_place(half, listing, lambda _match: "")
    if not found:
        template = "{product}: no file of {folder} is that of {town}."
        hint = "The office may have moved or renamed it."
        folder = half.rpartition("/")[0]
        raise SourceError(
            template, hint=hint, product=product.key, folder=folder, town=place.town.name
        )
    return _wanted(product, slot, half, found[""])


def _wanted(
    product: Product, slot: str, pattern: str, file: Listed, *, border: bool = False
) -> Wanted:
    """Name a file in the folder; a name in a list must not lead out of it."""
    name = PurePosixPath(file.name.replace("\\", "/")).name or "file"
    url = f"{pattern.rpartition('/')[0]}/{name}"
    path = f"{product.key}/{name}"
    return Wanted(product, f"{product.key}/{slot}", path, url, file.size, border)


def _escaped(pattern: str) -> str:
    return pattern.replace("{", r"\{").replace("}", r"\}")
