"""Networks that stand already: nothing to pay for them, but for customers who join."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from twin.energy.heat_grid.check import layout_findings
from twin.energy.heat_grid.design import PIPE_COLUMNS, NetworkDesign, complete
from twin.energy.heat_grid.flows import effective_number, simultaneity, subtree_sums
from twin.energy.heat_grid.layout import Layout, lay_out
from twin.energy.heat_grid.pipes import HOURS
from twin.energy.heat_grid.streets import Ground, make_ground
from twin.energy.heat_grid.tables import house_table, pipe_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.city import City
    from twin.state import NetworkPlan


def standing_network(
    plan: NetworkPlan,
    city: City,
    customers: pd.DataFrame,
    given: Assumptions,
    *,
    ground: Ground | None = None,
) -> NetworkDesign:
    """
    Return a network that stands already, with the usual losses, and its extension.

    Pipes are laid, and paid, only to customers marked `new`: where no old customer is served
    through a piece of street there is no pipe yet. The plant grows with the heat.
    """
    new = _new(customers)
    table = customers[["annual_kwh", "peak_kw"]].astype(float)
    if not new.any():
        columns = {name: pd.Series(dtype=kind) for name, kind in PIPE_COLUMNS.items()}
        pipes = gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([], crs=city.crs))
        pipes = pipes.rename_axis("pipe_id")
        costs = {"loss_kwh": 0.0, "connection_m": 0.0, "connection_eur": 0.0, "substation_eur": 0.0}
        houses = table.assign(reached=True, reason="", **costs)
        return complete(plan, (pipes, houses, None), _figures(pipes, houses, new, given), (), given)
    ground = ground or make_ground(city, given)
    pipes, houses = _extension(plan, ground, table, new, given)
    found = layout_findings(plan, houses, pipes, ground.sections.index[:0], given)
    figures = _figures(pipes, houses, new, given)
    return complete(plan, (pipes, houses, None), figures, found, given)


def _new(customers: pd.DataFrame) -> NDArray[np.bool_]:
    if "new" not in customers:
        return np.zeros(len(customers), bool)
    return customers["new"].to_numpy(bool)


def _extension(
    plan: NetworkPlan,
    ground: Ground,
    table: pd.DataFrame,
    new: NDArray[np.bool_],
    given: Assumptions,
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return the pipes to build, and all customers with what their connection costs."""
    connections = ground.connections.loc[table.index]
    anchored = table.assign(anchor_kw=table["peak_kw"].where(~new | new.all(), 0.0))
    layout = lay_out(ground.sections, connections, anchored)
    houses = house_table(plan, layout, connections, table, given)
    pipes = pipe_table(plan, layout, ground.sections, houses, given)
    pipes = pipes[_served_old(layout, ~new)[layout.hung.order[1:]] == 0]
    free = ["connection_m", "loss_kwh", "connection_eur", "substation_eur"]
    houses = houses.assign(**{name: houses[name].where(new, 0.0) for name in free})
    reached = houses["reached"] | ~new  # who is on the network stays on it
    return pipes, houses.assign(reached=reached, reason=houses["reason"].where(new, ""))


def _served_old(layout: Layout, old: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return how many old customers are behind each node."""
    on = layout.reached & old
    count = np.bincount(layout.node[on], minlength=layout.pieces.n).astype(float)
    return subtree_sums(layout.hung.order, layout.hung.parent, count.reshape(-1, 1))[:, 0]


def _figures(
    pipes: gpd.GeoDataFrame,
    houses: pd.DataFrame,
    new: NDArray[np.bool_],
    given: Assumptions,
) -> dict[str, float]:
    """Return lengths of what is built, and heat and power of the whole."""
    on = houses[houses["reached"]]
    old = float(houses["annual_kwh"].to_numpy()[~new].sum())
    heat = float(on["annual_kwh"].sum())
    lost = old * (1 / (1 - given["grid.existing_loss"]) - 1)
    lost += float(pipes["loss_kwh"].sum() + on["loss_kwh"].sum())
    peaks = np.atleast_1d(on["peak_kw"].sum())
    square = np.atleast_1d((on["peak_kw"] ** 2).sum())
    share = float(simultaneity(effective_number(peaks, square), given)[0])
    return {
        "trench_m": float(pipes["length_m"].sum()),
        "connection_m": float(on["connection_m"].sum()),
        "consumers": float(len(on)),
        "supplied_kwh": heat,
        "standing_kwh": old,
        "loss_kwh": lost,
        "fed_in_kwh": heat + lost,
        "peak_sum_kw": float(peaks[0]),
        "simultaneity": share,
        "peak_kw": float(peaks[0]) * share + lost / HOURS,
        "pressure_kpa": 0.0,
        "pump_kw": 0.0,
        "pump_kwh": (heat + lost) * given["grid.existing_pump"],
    }
