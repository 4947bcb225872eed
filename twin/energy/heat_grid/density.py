"""Heat density by Baublock and heat line density by street section, as the law asks for them."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.energy.heat_grid.streets import street_sections

if TYPE_CHECKING:
    import geopandas as gpd

PRIVATE_BELOW = 5
"""Fewer buildings than this are not published one by one (WPG section 10: at least five)."""


def heat_density(
    blocks: gpd.GeoDataFrame, stock: pd.DataFrame, heat_kwh: pd.Series[float]
) -> pd.DataFrame:
    """
    Return the heat density (Wärmedichte) of every Baublock.

    Parameters
    ----------
    blocks
        Table `blocks`; the density refers to its `area_m2`, the whole area of the Baublock.
    stock
        Building stock; `block_id` says where a building counts.
    heat_kwh
        Yearly heat by building_id. [kWh/a]

    Returns
    -------
    densities
        Index block_id as given: `heat_kwh`, `heat_density_mwh_ha_a` [MWh/(ha a)], `buildings` with
        heat, `publishable` (no heat at all, or at least five buildings share it).
    """
    heat = heat_kwh.reindex(stock.index).fillna(0.0)
    by_block = heat.groupby(stock["block_id"].to_numpy()).sum().reindex(blocks.index).fillna(0.0)
    heated = (heat > 0).groupby(stock["block_id"].to_numpy()).sum()
    count = heated.reindex(blocks.index).fillna(0).astype(int)
    hectares = blocks["area_m2"] / 10_000
    return pd.DataFrame(
        {
            "heat_kwh": by_block,
            "heat_density_mwh_ha_a": (by_block / 1000 / hectares).where(hectares > 0),
            "buildings": count,
            "publishable": (count == 0) | (count >= PRIVATE_BELOW),
        },
        index=blocks.index,
    )


def line_density(
    connections: pd.DataFrame, streets: gpd.GeoDataFrame, heat_kwh: pd.Series[float]
) -> pd.DataFrame:
    """
    Return the heat line density (Wärmeliniendichte) of every street section.

    Parameters
    ----------
    connections
        As `connect_points` gives them: section and length of connection by building_id.
    streets
        Table `streets`, or sections as `street_sections` gives them.
    heat_kwh
        Yearly heat by building_id; buildings without heat need no connection. [kWh/a]

    Returns
    -------
    densities
        Index section_id: `heat_kwh`, `buildings`, `section_m`, `connection_m` (house connections
        of buildings with heat), `line_density_kwh_m` [kWh/(m a)] as the law has it, over the
        length of the section; `line_density_mwh_m` the same in MWh/(m a) as XWärmeplan has it;
        `line_density_with_connections_kwh_m` over the length with house connections;
        `publishable` as in `heat_density`.
    """
    sections = street_sections(streets) if "reverse_id" in streets else streets
    heat = heat_kwh.reindex(connections.index).fillna(0.0).to_numpy(float)
    table = pd.DataFrame(
        {
            "heat_kwh": heat,
            "buildings": (heat > 0).astype(int),
            "connection_m": np.where(heat > 0, connections["connection_m"].to_numpy(float), 0.0),
        }
    )
    sums = table.groupby(connections["section_id"].to_numpy(object)).sum()
    sums = sums.reindex(sections.index).fillna(0.0)
    length = sections["length_m"].to_numpy(float)
    total = length + sums["connection_m"].to_numpy()
    law = np.divide(sums["heat_kwh"], length, where=length > 0, out=np.zeros(len(sums)))
    count = sums["buildings"].astype(int)
    return sums.assign(
        buildings=count,
        section_m=length,
        line_density_kwh_m=law,
        line_density_mwh_m=law / 1000,
        line_density_with_connections_kwh_m=np.divide(
            sums["heat_kwh"], total, where=total > 0, out=np.zeros(len(sums))
        ),
        publishable=(count == 0) | (count >= PRIVATE_BELOW),
    )


def thresholds() -> pd.DataFrame:
    """
    Return published and remembered limits of heat density and heat line density.

    Columns quantity, low, high, unit, meaning, status (published, unverified), source.

    >>> sorted(thresholds()["status"].unique().tolist())
    ['published', 'unverified']
    """
    place = files("twin.energy.heat_grid") / "data" / "thresholds.csv"
    with place.open(encoding="utf-8") as file:
        return pd.read_csv(file)
