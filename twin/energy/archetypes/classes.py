"""
From our classes to TABULA's types.

Size: detached is EFH, terraced RH, apartments MFH, large_apartments GMH; what is no dwelling takes
the envelope of an MFH of its age. Age: with the year built known, the type of that year; else the
mean of all types whose years overlap the age class, weighted by the years they share (of
`until_1918` the years from 1860 on, so type B). Types that do not exist are stood in for: RH and
GMH before 1860 by those of 1860 to 1918, GMH of 1979 to 1994 by the East German ones, GMH from 1995
by MFH. Only the general subtypes of the national typology are used.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from twin.classes import AGE_CLASSES
from twin.energy.archetypes.typology import STATES, area_of, loss_of, typology
from twin.energy.places import places

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]

SIZES = ("detached", "terraced", "apartments", "large_apartments")
TABULA_SIZES = ("EFH", "RH", "MFH", "GMH")
LETTERS = "ABCDEFGHIJKL"
FIRST_YEARS = (0, 1860, 1919, 1949, 1958, 1969, 1979, 1984, 1995, 2002, 2010, 2016)
"""First year of TABULA's classes A to L."""

AGE_YEARS = tuple(
    (1860, 1918) if name == "until_1918" else (int(name[:4]), int(name[5:])) for name in AGE_CLASSES
)
"""First and last year of our age classes."""

STAND_INS = {
    **{("RH", "A"): ("N", "RH", "B"), ("GMH", "A"): ("N", "GMH", "B")},
    **{("GMH", letter): ("East", "GMH", letter) for letter in "GH"},
    **{("GMH", letter): ("N", "MFH", letter) for letter in "IJKL"},
}
"""Types that the general national typology does not have, and the ones taken for them."""

NEVER_WORSE = frozenset(
    f"{part}{what}"
    for part in ("roof", "wall", "floor", "window", "door")
    for what in ("_u", "_bridged_u")
) | {"infiltration_1_h"}
"""Properties that a better state may only lower."""

BUCKETS = len(LETTERS) + len(AGE_CLASSES)
"""Places on the age axis: TABULA's classes, then ours."""


@dataclass(frozen=True, eq=False)
class Archetypes:
    """Properties by size (4), bucket of age (20) and state (3), in the order of their tuples."""

    roof_u: Floats  # b x U of the roof or top ceiling, W/(m²K)
    wall_u: Floats  # outer walls without windows and doors
    floor_u: Floats  # slab or cellar ceiling
    window_u: Floats
    door_u: Floats
    roof_bridged_u: Floats  # the same with the surcharge for thermal bridges
    wall_bridged_u: Floats
    floor_bridged_u: Floats
    window_bridged_u: Floats
    door_bridged_u: Floats
    window_share: Floats  # of the outer facade
    door_share: Floats
    slope_share: Floats  # how far the slopes of the roof bound the heated rooms
    g: Floats
    infiltration_1_h: Floats
    facade_ratio: Floats  # outer facade for each m² of reference area
    roof_ratio: Floats
    floor_ratio: Floats


def bucket_of(
    age_class: pd.Series[str], year_built: pd.Series[float] | None = None
) -> NDArray[np.intp]:
    """
    Return the place of each building on the age axis.

    A year counts where it lies in the age class; before 1919 all years do. A building without age
    class takes its year; without both it is placed as 1949_1968, the largest class of the stock.
    """
    own = places(age_class, AGE_CLASSES)
    unknown = AGE_CLASSES.index("1949_1968")
    bucket = len(LETTERS) + np.where(own >= 0, own, unknown)
    if year_built is None:
        return bucket
    year = year_built.to_numpy("float64", na_value=np.nan)
    first, last = np.array(AGE_YEARS, float).T
    first[0] = -np.inf
    inside = (year >= first[own]) & (year <= last[own])
    fits = np.isfinite(year) & (inside | (own < 0))
    letter = np.searchsorted(FIRST_YEARS, np.where(fits, year, 0), side="right") - 1
    return np.where(fits, np.maximum(letter, 0), bucket)


@cache
def _weights() -> Floats:
    """Return how much each of TABULA's classes counts in each bucket, (BUCKETS, letters)."""
    ends = np.append(np.array(FIRST_YEARS[1:]) - 1, 9999)
    shared = [
        np.clip(np.minimum(last, ends) - np.maximum(first, FIRST_YEARS) + 1, 0, None)
        for first, last in AGE_YEARS
    ]
    overlap = np.array(shared, float)
    return np.vstack([np.eye(len(LETTERS)), overlap / overlap.sum(axis=1, keepdims=True)])


@cache
def _variants() -> pd.DataFrame:
    """Return the chosen variants, ordered by size, class and state."""
    table = typology()
    general = table[(table["subtype"] == "Gen") & table.index.str.contains(r"\.001\.00[123]$")]
    keyed = general.set_index(["region", "size", "letter", "state"])
    keys = [
        (*STAND_INS.get((size, letter), ("N", size, letter)), state)
        for size in TABULA_SIZES
        for letter in LETTERS
        for state in STATES
    ]
    return keyed.loc[keys].reset_index()


@cache
def _raw() -> dict[str, Floats]:
    """Return properties of the chosen variants as (sizes, letters, states)."""
    table = _variants()
    area = {part: area_of(table, part) for part in ("roof", "wall", "floor", "window", "door")}
    loss = {part: loss_of(table, part) for part in area}
    facade = area["wall"] + area["window"] + area["door"]
    reference = table["reference_area_m2"].to_numpy(float)
    bridges = table["thermal_bridge_u"].to_numpy(float)
    u = {f"{part}_u": loss[part] / np.maximum(area[part], 1e-9) for part in area}
    values = {
        **u,
        **{name.replace("_u", "_bridged_u"): value + bridges for name, value in u.items()},
        "window_share": area["window"] / facade,
        "door_share": area["door"] / facade,
        "g": table["g"].to_numpy(float),
        "infiltration_1_h": table["infiltration_1_h"].to_numpy(float),
        "facade_ratio": facade / reference,
        "roof_ratio": area["roof"] / reference,
        "floor_ratio": area["floor"] / reference,
    }
    shape = (len(SIZES), len(LETTERS), len(STATES))
    return {name: value.reshape(shape) for name, value in values.items()}


def archetypes(given: Assumptions) -> Archetypes:
    """
    Return the archetypes by size, bucket of age and state.

    A better state never has a higher U-value than the one before: where the typology itself has
    one (thermal bridges of insulation inside, `usual` of old houses), the lower value is kept.
    """
    weights = _weights()
    mixed = {name: _mixed(values, weights) for name, values in _raw().items()}
    mixed = {
        name: np.minimum.accumulate(values, axis=2) if name in NEVER_WORSE else values
        for name, values in mixed.items()
    }
    attic = given.by_class("archetypes.attic_share")
    codes = _variants()["attic"].replace("-", "none").to_numpy()
    slope = np.array([attic[code] for code in codes]).reshape(4, len(LETTERS), len(STATES))
    return Archetypes(**mixed, slope_share=_mixed(slope, weights))


def _mixed(values: Floats, weights: Floats) -> Floats:
    """
    Return values by bucket out of values by letter.

    Sums go letter by letter, so that the result does not depend on how a library multiplies.
    """
    total = np.zeros((values.shape[0], len(weights), values.shape[2]))
    for place in range(values.shape[1]):
        total += values[:, place, None, :] * weights[None, :, place, None]
    return total
