"""Networks found automatically: dense streets, without the branches that do not pay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.energy.heat_grid.areas import area_shape, dense_streets, section_groups
from twin.energy.heat_grid.check import check_plan
from twin.energy.heat_grid.costs import annuity_factor, investment, yearly_costs
from twin.energy.heat_grid.density import line_density
from twin.energy.heat_grid.existing import source_mix
from twin.energy.heat_grid.flows import best_cut
from twin.energy.heat_grid.layout import Layout, lay_out, without
from twin.energy.heat_grid.plant import make_plant
from twin.energy.heat_grid.streets import Ground, make_ground
from twin.energy.heat_grid.tables import flow_figures, house_table, pipe_frame
from twin.state import NetworkPlan

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.city import City

    Floats = NDArray[np.float64]

ROUNDS = 4
"""How often branches are judged anew: what is left needs smaller pipes and a smaller plant."""


def auto_networks(
    city: City,
    stock: pd.DataFrame,
    heat: pd.DataFrame,
    given: Assumptions,
    *,
    threshold_kwh_m: float | None = None,
    decentral: pd.Series[float] | None = None,
) -> tuple[NetworkPlan, ...]:
    """
    Return plans for new heat networks where they seem worth it, the largest first.

    Streets above the heat line density form candidate areas; in each a network is laid and, where
    `decentral` is given, branches and customers that cost more than their best own heating are
    dropped. Buildings on district heat already are left out.

    Parameters
    ----------
    heat
        `space_kwh` and `hot_water_kwh` a year by building_id, perhaps `peak_kw`; without it the
        peak follows from `grid.consumer_full_load_hours`.
    threshold_kwh_m
        Least heat line density [kWh/(m a)]; `grid.line_density_threshold` without it.
    decentral
        Full cost of the best own heating by building_id [EUR/kWh], for homes with value added tax
        (`use` of the stock tells them), which is taken off to compare.

    Raises
    ------
    ModelError
        The city has no streets.
    """
    ground = make_ground(city, given)
    customers = _customers(stock, heat, ground, given)
    lines = line_density(ground.connections, ground.sections, customers["annual_kwh"])
    areas = dense_streets(lines, ground, given, threshold_kwh_m=threshold_kwh_m)
    draft = NetworkPlan(
        "auto", "auto", round(given["grid.auto_start"]), source_mix(given, "grid.auto_mix")
    )
    check_plan(draft)
    if decentral is not None:
        decentral = _without_tax(decentral, stock, given)
    group = section_groups(ground, areas["streets"])
    connections = ground.connections.loc[customers.index]
    row = ground.sections.index.get_indexer(pd.Index(connections["section_id"]))
    area = np.where(row >= 0, group[np.maximum(row, 0)], -1)
    laid = [
        _area_network(
            draft,
            (ground.sections[group == number], connections[area == number]),
            customers[area == number],
            decentral,
            given,
        )
        for number in range(len(areas))
    ]
    shapes = city.buildings.geometry
    worth = [layout for layout in laid if layout is not None]
    heat_of = customers["annual_kwh"]
    worth.sort(key=lambda layout: -float(heat_of.loc[layout.ids[layout.reached]].sum()))
    return tuple(_plan_of(draft, layout, ground, shapes, given) for layout in worth)


def _without_tax(
    decentral: pd.Series[float], stock: pd.DataFrame, given: Assumptions
) -> pd.Series[float]:
    """Return cost net of value added tax, which homes pay and networks hand on."""
    if "use" not in stock:
        return decentral
    homes = stock["use"].isin(["residential", "mixed"]).reindex(decentral.index, fill_value=False)
    return decentral.where(~homes, decentral / (1 + given["grid.vat"]))


def _customers(
    stock: pd.DataFrame, heat: pd.DataFrame, ground: Ground, given: Assumptions
) -> pd.DataFrame:
    """Return heat and peak of all buildings a new network could serve."""
    kwh = (heat["space_kwh"] + heat["hot_water_kwh"]).astype(float)
    free = stock.index[stock["system"] != "district_heat"]
    kwh = kwh[kwh.index.isin(free) & kwh.index.isin(ground.connections.index) & (kwh > 0)]
    table = pd.DataFrame({"annual_kwh": kwh}).sort_index()
    if "peak_kw" in heat:
        return table.assign(peak_kw=heat["peak_kw"].reindex(table.index).astype(float))
    return table.assign(peak_kw=table["annual_kwh"] / given["grid.consumer_full_load_hours"])


def _area_network(
    plan: NetworkPlan,
    streets: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame],
    customers: pd.DataFrame,
    decentral: pd.Series[float] | None,
    given: Assumptions,
) -> Layout | None:
    """Lay a network in one candidate area and drop what does not pay; None if too little does."""
    sections, connections = streets
    layout = lay_out(sections, connections, customers)
    if decentral is None:
        return layout
    own = decentral.reindex(customers.index).astype(float)
    own_eur_kwh = np.asarray(own.fillna(own.mean()), float)
    for _ in range(ROUNDS):
        tables = (sections, connections, customers)
        keep, served = _worth_keeping(plan, layout, tables, own_eur_kwh, given)
        if _too_small(customers[served], given):
            return None
        if served.sum() == layout.reached.sum():
            break
        layout = without(layout, keep, served)
    return layout


def _too_small(customers: pd.DataFrame, given: Assumptions) -> bool:
    """Tell whether customers are too few for a network of their own."""
    least = given["grid.area_min_heat"] * 1000
    few = len(customers) < given["grid.area_min_buildings"]
    return bool(few or customers["annual_kwh"].sum() < least)


def _worth_keeping(
    plan: NetworkPlan,
    layout: Layout,
    tables: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, pd.DataFrame],
    own_eur_kwh: Floats,
    given: Assumptions,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """
    Return which nodes and which customers a network earns more with than without.

    Each customer joins with the probability `grid.connection_rate`: heat, flow and house connection
    are expected values, the pipe in the street is laid for whoever comes.
    """
    sections, connections, customers = tables
    houses = house_table(plan, layout, connections, customers, given)
    joining = given["grid.connection_rate"]
    flows = ["annual_kwh", "peak_kw", "loss_kwh"]
    expected = houses.assign(**{name: houses[name] * joining for name in flows})
    lines = pipe_frame(plan, layout, sections, expected, given)
    made = _cost_of_heat(plan, layout, (lines, expected), given)
    rate = {part: _yearly_rate(part, given) for part in ("pipes", "connections", "substations")}
    gain = houses["annual_kwh"] * (own_eur_kwh - made) - houses["loss_kwh"] * made
    gain -= houses["connection_eur"] * rate["connections"]
    gain -= houses["substation_eur"] * rate["substations"]
    worth_it = layout.reached & (gain.to_numpy() > 0)
    worth = np.zeros(layout.pieces.n)
    np.add.at(worth, layout.node[worth_it], joining * gain.to_numpy()[worth_it])
    far = layout.hung.order[1:]
    worth[far] -= lines["cost_eur"].to_numpy() * rate["pipes"] + lines["loss_kwh"] * made
    keep = best_cut(layout.hung.order, layout.hung.parent, worth)
    return keep, worth_it & keep[np.maximum(layout.node, 0)]


def _cost_of_heat(
    plan: NetworkPlan,
    layout: Layout,
    laid: tuple[pd.DataFrame, pd.DataFrame],
    given: Assumptions,
) -> float:
    """Return what a kWh costs when it leaves the plant, the plant itself in it."""
    lines, houses = laid
    figures = flow_figures(plan, layout, lines, houses, given)
    plant = make_plant(plan, figures["fed_in_kwh"], figures["peak_kw"], given)
    parts = investment(lines.iloc[:0], houses.iloc[:0], plant, given)
    costs = yearly_costs(parts, {**figures, "supplied_kwh": 0.0}, plant, given)
    return sum(costs.values()) / max(figures["fed_in_kwh"], 1e-9)


def _yearly_rate(part: str, given: Assumptions) -> float:
    """Return yearly cost per investment: capital with planning and subsidy, and upkeep."""
    capital = annuity_factor(given["grid.interest"], given[f"grid.lifetime.{part}"])
    on_top = (1 + given["grid.planning"]) * (1 - given["grid.subsidy"])
    return capital * on_top + given[f"grid.upkeep.{part}"]


def _plan_of(
    draft: NetworkPlan,
    layout: Layout,
    ground: Ground,
    shapes: gpd.GeoSeries,
    given: Assumptions,
) -> NetworkPlan:
    """Return the plan of a layout: the streets with pipes and the area of its customers."""
    served = ground.connections.loc[layout.ids[layout.reached]]
    names = sorted({*layout.sections_used(), *served["section_id"]})
    main = str(served["section_id"].value_counts().sort_index().idxmax())
    street = ground.sections["name"].get(main)
    houses = (shapes.loc[served.index].to_numpy(), served.geometry.to_numpy())
    lines = ground.sections.geometry.loc[names].to_numpy()
    return NetworkPlan(
        id=f"auto:{main}",
        name=str(street) if isinstance(street, str) else main,
        start_year=draft.start_year,
        sources=draft.sources,
        area=area_shape(lines, houses, given["grid.area_margin"]),
        streets=tuple(names),
    )
