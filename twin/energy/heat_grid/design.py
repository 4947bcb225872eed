"""A heat network laid out, sized and paid for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from twin.energy.heat_grid.check import (
    check_customers,
    check_plan,
    law_findings,
    layout_findings,
    pressure_findings,
)
from twin.energy.heat_grid.costs import investment, yearly_costs
from twin.energy.heat_grid.flows import effective_number, simultaneity
from twin.energy.heat_grid.layout import UNDRAWN, Layout, drawn_sections, lay_out
from twin.energy.heat_grid.pipes import HOURS
from twin.energy.heat_grid.plant import final_energy, heat_factor, make_plant, renewable_share
from twin.energy.heat_grid.streets import Ground, connect_to, make_ground
from twin.energy.heat_grid.tables import energy_centre, flow_figures, house_table, pipe_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    import shapely

    from twin.assumptions import Assumptions
    from twin.city import City
    from twin.provenance import Finding
    from twin.state import NetworkPlan

PIPE_COLUMNS = {
    "section_id": object, "length_m": float, "dn": object, "inner_mm": float, "consumers": int,
    "peak_sum_kw": float, "flow_kw": float, "speed_m_s": float, "overloaded": bool,
    "pressure_pa": float, "loss_kwh": float, "cost_eur": float, "heat_in_kwh": float,
    "heat_out_kwh": float,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class NetworkDesign:
    """
    What a plan becomes: pipes, customers, plant, energy of a year, money.

    Attributes
    ----------
    pipes
        A piece of street with a pipe in it, from the root outwards: `section_id`, `dn`,
        `length_m`, `consumers`, `flow_kw` (peak with simultaneity), `heat_in_kwh`, `heat_out_kwh`
        and `loss_kwh` a year (in = out + loss), `cost_eur`, geometry.
    buildings
        Customers by building_id: `reached`, `reason` (`no_street`, `separate_streets`,
        `not_worth_it` or empty), `section_id`, `connection_m`, `dn`, `annual_kwh`, `peak_kw`,
        `loss_kwh` of the house connection, `connection_eur`, `substation_eur`.
    plant
        By source: `share`, `heat_kwh`, `capacity_kw`, intake and electricity a year.
    summary
        The network in figures, with units in the names.
    investment_eur
        By part: pipes, connections, substations, plant, planning, subsidy (negative).
    final_energy_kwh
        What the network needs a year by carrier, pumps in it; of a CHP the part for heat.
    """

    plan: NetworkPlan
    pipes: gpd.GeoDataFrame
    buildings: pd.DataFrame
    plant: pd.DataFrame
    summary: Mapping[str, float]
    investment_eur: Mapping[str, float]
    final_energy_kwh: Mapping[str, float]
    findings: tuple[Finding, ...]
    site: shapely.Point | None


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
        Customers by building_id: `annual_kwh` of heat handed over at the substation and `peak_kw`.
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
        return _standing(plan, connected.sort_index(), city.crs, given)
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
    return _complete(plan, (lines, houses, site), figures, found, given)


def _drawn(sections: gpd.GeoDataFrame) -> pd.Index[str]:
    """Return the sections that are drawn; none where the streets were free to choose."""
    names = pd.Index(sections.index)
    if "reluctance" not in sections:
        return names[:0]
    return names[sections["reluctance"].to_numpy() == 1.0]


def _complete(
    plan: NetworkPlan,
    laid: tuple[gpd.GeoDataFrame, pd.DataFrame, shapely.Point | None],
    figures: dict[str, float],
    found: tuple[Finding, ...],
    given: Assumptions,
) -> NetworkDesign:
    """Add plant, emissions and money to what is laid."""
    lines, houses, site = laid
    plant = make_plant(plan, figures["fed_in_kwh"], figures["peak_kw"], given)
    needed = final_energy(plant, figures["pump_kwh"])
    parts = {} if plan.exists else investment(lines, houses, plant, given)
    supplied, year = figures["supplied_kwh"], plan.start_year
    costs = yearly_costs(parts, figures, plant, given)
    fed_in = figures["fed_in_kwh"]
    summary = {
        **figures,
        "loss_share": figures["loss_kwh"] / fed_in if fed_in > 0 else 0.0,
        "line_density_kwh_m": supplied / figures["trench_m"] if figures["trench_m"] else 0.0,
        "renewable_share": renewable_share(plan.sources, given),
        "emission_t_kwh": heat_factor(needed, supplied, year, given),
        "investment_eur": sum(parts.values()),
        **costs,
        "price_eur_kwh": sum(costs.values()) / supplied if supplied > 0 else float("nan"),
    }
    findings = (*found, *law_findings(plan, summary["renewable_share"], given))
    return NetworkDesign(plan, lines, houses, plant, summary, parts, needed, findings, site)


def _standing(
    plan: NetworkPlan, customers: pd.DataFrame, crs: object, given: Assumptions
) -> NetworkDesign:
    """Return a network that stands already: no layout, usual losses, no investment."""
    heat = float(customers["annual_kwh"].sum())
    fed_in = heat / (1 - given["grid.existing_loss"])
    peaks = np.atleast_1d(customers["peak_kw"].sum())
    square = np.atleast_1d((customers["peak_kw"] ** 2).sum())
    share = float(simultaneity(effective_number(peaks, square), given)[0])
    figures = {
        "trench_m": 0.0,
        "connection_m": 0.0,
        "consumers": float(len(customers)),
        "supplied_kwh": heat,
        "loss_kwh": fed_in - heat,
        "fed_in_kwh": fed_in,
        "peak_sum_kw": float(peaks[0]),
        "simultaneity": share,
        "peak_kw": float(peaks[0]) * share + (fed_in - heat) / HOURS,
        "pressure_kpa": 0.0,
        "pump_kw": 0.0,
        "pump_kwh": fed_in * given["grid.existing_pump"],
    }
    columns = {name: pd.Series(dtype=kind) for name, kind in PIPE_COLUMNS.items()}
    empty = gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([], crs=crs))
    houses = customers[["annual_kwh", "peak_kw"]].assign(reached=True, reason="", loss_kwh=0.0)
    return _complete(plan, (empty.rename_axis("pipe_id"), houses, None), figures, (), given)
