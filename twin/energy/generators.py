"""What heats the buildings today and since when: known from the census, else drawn from shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twin.classes import AGE_CLASSES, HEAT_SYSTEMS
from twin.energy.draws import blended, drawn, pick
from twin.energy.places import places

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]
    Codes = NDArray[np.intp]

__all__ = ["installed", "systems"]

BY_CARRIER = {
    "gas": "gas_boiler", "biogas": "gas_boiler", "oil": "oil_boiler", "coal": "coal_stove",
    "wood": "biomass_boiler", "electricity": "direct_electric", "ambient": "air_heat_pump",
    "district_heat": "district_heat", "none": "none",
}  # fmt: skip
"""Heating system for each carrier of the census; `ambient` is parted into air and brine later."""

BY_HEATING = {"district": "district_heat", "none": "none"}
"""Types of heating that tell the system without the carrier."""

DRAWN = tuple(
    name for name in HEAT_SYSTEMS if name not in ("district_heat", "hybrid_heat_pump", "none")
)
"""Systems that are drawn; hybrids are too rare in the stock of today to be told apart."""

DISTRICT = HEAT_SYSTEMS.index("district_heat")
NONE = HEAT_SYSTEMS.index("none")
NEW = ("2010_2016", "2017_2029")
"""Age classes with shares of their own; building law changed what is put in."""


def systems(
    rows: pd.DataFrame, stock: pd.DataFrame, blocks: pd.DataFrame | None, given: Assumptions
) -> tuple[pd.Series[Any], NDArray[np.object_]]:
    """
    Return the heating system of each building and its label.

    Parameters
    ----------
    rows
        Buildings with `heating`, `energy_carrier` and their sources, in the order of `stock`.
    blocks
        Table `blocks` with `area_m2`, for the density that district heat follows.

    Notes
    -----
    What the city knows stays. District heat is put where much floor stands on little land, whole
    blocks together, until its share of the dwellings' area is met; the rest is drawn by age.
    """
    codes, label = _known(rows)
    heated = stock["heated_area_m2"].to_numpy() > 0
    drawn_codes = np.where(
        _connected(codes, heated, stock, blocks, given), DISTRICT, _others(codes, stock, given)
    )
    unknown = codes < 0
    codes = np.where(unknown, np.where(heated, drawn_codes, NONE), codes)
    label = np.where(unknown, np.where(heated, "estimated:carrier_shares", "estimated:use"), label)
    ambient = ~unknown & (rows["energy_carrier"] == "ambient").to_numpy()
    brine = ambient & (drawn(stock.index, "brine") < given["stock.brine_share"])
    codes = np.where(brine, HEAT_SYSTEMS.index("brine_heat_pump"), codes)
    values = pd.Categorical(np.array(HEAT_SYSTEMS)[codes], categories=HEAT_SYSTEMS)
    return pd.Series(values, stock.index), label


def installed(stock: pd.DataFrame, given: Assumptions) -> tuple[Floats, NDArray[np.object_]]:
    """Return the year the heating was put in, drawn from its ages, and the label; NaN for none."""
    quantiles = given.by_class("stock.system_age")
    points = sorted(quantiles, key=float)
    share = np.interp(
        drawn(stock.index, "system_year"),
        [float(point) / 100 for point in points],
        [quantiles[point] for point in points],
    )
    codes = places(stock["system"], HEAT_SYSTEMS)
    oldest = given.array("stock.system_oldest", HEAT_SYSTEMS)[codes]
    year = given["stock.base_year"] - np.floor(share * oldest)
    built = np.fmax(stock["year_built"].to_numpy(float), _earliest(stock))
    year = np.minimum(np.fmax(year, built), np.fmax(given["stock.base_year"], built))
    none = codes == NONE
    label = np.where(none, "unknown", "estimated:system_ages").astype(object)
    return np.where(none, np.nan, year), label


def _earliest(stock: pd.DataFrame) -> Floats:
    """Return the first year of the age class: no heating is older than its house."""
    first = np.array([1900.0, *(float(name[:4]) for name in AGE_CLASSES[1:])])
    codes = places(stock["age_class"], AGE_CLASSES)
    return np.where(codes >= 0, first[codes], 1900.0)


def _known(rows: pd.DataFrame) -> tuple[Codes, NDArray[np.object_]]:
    """Return the system that carrier or type of heating tells, -1 for none, and its label."""
    by_carrier = rows["energy_carrier"].astype(object).map(BY_CARRIER)
    by_heating = rows["heating"].astype(object).map(BY_HEATING)
    system = by_carrier.where(by_carrier.notna(), by_heating)
    label = rows["carrier_source"].where(by_carrier.notna(), rows["heating_source"])
    codes = places(system, HEAT_SYSTEMS)
    return codes, label.astype(object).fillna("unknown").to_numpy()


def _others(codes: Codes, stock: pd.DataFrame, given: Assumptions) -> Codes:
    """Return a system other than district heat for each building, by its age and district."""
    place = {HEAT_SYSTEMS.index(name): i for i, name in enumerate(DRAWN)}
    lookup = np.array([place.get(code, -1) for code in range(len(HEAT_SYSTEMS))] + [-1])
    own = lookup[codes]
    area = np.asarray(pd.factorize(stock["district_id"], sort=True)[0], np.intp)
    age = stock["age_class"].astype(object).to_numpy()
    shares = np.zeros((len(stock), len(DRAWN)))
    for group in ("", *NEW):
        name = f"stock.system_shares_{group}" if group else "stock.system_shares"
        wider = given.array(name, DRAWN)
        inside = (age == group) if group else ~np.isin(age, NEW)
        weight = given["stock.age_prior_buildings"]
        shares[inside] = blended(own[inside], area[inside], wider / wider.sum(), weight)
    picked = pick(shares, drawn(stock.index, "system"))
    return np.array([HEAT_SYSTEMS.index(name) for name in DRAWN])[picked]


def _connected(
    codes: Codes, heated: NDArray[np.bool_], stock: pd.DataFrame, blocks: pd.DataFrame | None,
    given: Assumptions,
) -> NDArray[np.bool_]:  # fmt: skip
    """Return which buildings of unknown heating get district heat: the densest blocks first."""
    known = (codes >= 0) & heated
    weight = given["stock.age_prior_buildings"]
    share = (codes[known] == DISTRICT).sum() + weight * given["stock.district_heat_share"]
    share = share / (known.sum() + weight)
    area = np.where(heated & (codes < 0), stock["heated_area_m2"].to_numpy(float), 0.0)
    order, place = _by_density(area, stock["block_id"], blocks)
    by_block = np.bincount(place + 1, weights=area, minlength=len(order) + 1)[1:]
    connection = given["stock.district_heat_connection"]
    served = np.zeros(len(order) + 1, bool)  # the last place is that of buildings without block
    reached = np.cumsum(by_block[order]) * connection
    served[order[reached - by_block[order] * connection / 2 < share * area.sum()]] = True
    return served[place] & (drawn(stock.index, "connection") < connection) & (area > 0)


def _by_density(
    area: Floats, block: pd.Series[str], blocks: pd.DataFrame | None
) -> tuple[Codes, Codes]:
    """Return numbers of blocks from dense to sparse, and the number of each building's; -1 none."""
    place, names = pd.factorize(block, sort=True)
    place = np.asarray(place, np.intp)
    land = np.full(len(names), np.nan)
    if blocks is not None and len(blocks):
        land = blocks["area_m2"].reindex(names).to_numpy(float)
    floor = np.bincount(place + 1, weights=area, minlength=len(names) + 1)[1:]
    density = np.where(land > 0, floor / np.where(land > 0, land, 1), -1.0)
    return np.argsort(-density, kind="stable"), place
