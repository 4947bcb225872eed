"""A heat network laid out, sized and paid for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from twin.energy.heat_grid.check import law_findings
from twin.energy.heat_grid.costs import extension_only, investment, yearly_costs
from twin.energy.heat_grid.plant import final_energy, heat_factor, make_plant, renewable_share

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import pandas as pd
    import shapely

    from twin.assumptions import Assumptions
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


def complete(
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
    parts = investment(lines, houses, plant, given)
    if plan.exists:
        new = figures["supplied_kwh"] - figures["standing_kwh"]
        parts = extension_only(parts, new / max(figures["supplied_kwh"], 1e-9), given)
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
