"""Laying a network: from a plan and its customers to the finished design."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.energy.heat_grid.check import (
    check_customers,
    check_plan,
    layout_findings,
    pressure_findings,
)  # fmt: skip
from twin.energy.heat_grid.design import NetworkDesign, complete
from twin.energy.heat_grid.layout import UNDRAWN, Layout, drawn_sections, lay_out
from twin.energy.heat_grid.standing import standing_network
from twin.energy.heat_grid.streets import Ground, connect_to, make_ground
from twin.energy.heat_grid.tables import energy_centre, flow_figures, house_table, pipe_table

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import shapely

    from twin.assumptions import Assumptions
    from twin.city import City
    from twin.state import NetworkPlan


def lay_network(
    plan: NetworkPlan,
    city: City,
    connected: pd.DataFrame,
    given: Assumptions,
    *,
    ground: Ground | None = None,
    site: shapely.Point | None = None,
) -> NetworkDesign:
    """
    Lay a heat network out along the streets, size its pipes and plant, and count energy and money.

    Parameters
    ----------
    connected
        Customers by building_id: `annual_kwh` of heat handed over at the substation, `peak_kw`,
        perhaps `new`: of a network that stands already, who joins it (nobody without the column).
    ground
        `make_ground(city, given)`, the same for every network; made here where it is not given.
    site
        Where the energy centre stands; without one it is set at the centre of the load.

    Raises
    ------
    ModelError
        The plan makes no sense (shares, temperatures, unknown streets), a customer is unknown or
        has no valid heat, or the city has no streets.
    """
    check_plan(plan)
    if plan.exists:
        check_customers(connected, city.buildings.index)
        return standing_network(plan, city, connected.sort_index(), given, ground=ground)
    ground = ground or make_ground(city, given)
    check_customers(connected, ground.connections.index)
    customers = connected[["annual_kwh", "peak_kw"]].astype(float).sort_index()
    sections, connections = ground.sections, ground.connections.loc[customers.index]
    if plan.streets:
        drawn = drawn_sections(sections, ground.section_of, plan.streets)
        shapes = city.buildings.loc[customers.index]
        connections = connect_to(shapes, sections.loc[drawn], given)
        reluctance = np.where(sections.index.isin(drawn), 1.0, UNDRAWN)
        sections = sections.assign(reluctance=reluctance)
    layout = lay_out(sections, connections, customers, site=site)
    return design_of(plan, layout, (sections, connections, customers), given)


def design_of(
    plan: NetworkPlan,
    layout: Layout,
    tables: tuple[gpd.GeoDataFrame, pd.DataFrame, pd.DataFrame],
    given: Assumptions,
) -> NetworkDesign:
    """Size and price a layout; `tables` are sections, connections and customers."""
    sections, connections, customers = tables
    houses = house_table(plan, layout, connections, customers, given)
    lines = pipe_table(plan, layout, sections, houses, given)
    figures = flow_figures(plan, layout, lines, houses, given)
    found = layout_findings(plan, houses, lines, _drawn(sections), given)
    found += pressure_findings(figures["pressure_kpa"], given)
    site = energy_centre(lines, layout, connections)
    return complete(plan, (lines, houses, site), figures, found, given)


def _drawn(sections: gpd.GeoDataFrame) -> pd.Index[str]:
    """Return the sections that are drawn; none where the streets were free to choose."""
    names: pd.Index[str] = sections.index
    if "reluctance" not in sections:
        return names[:0]
    drawn: pd.Index[str] = names[sections["reluctance"].to_numpy() == 1.0]
    return drawn
