"""The tables of a network: house connections, pipes in the streets, figures of the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from twin.energy.heat_grid import pipes as pipe
from twin.energy.heat_grid.flows import effective_number, path_sums, simultaneity, subtree_sums
from twin.energy.heat_grid.layout import Layout, cut_lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.state import NetworkPlan

    Floats = NDArray[np.float64]


def house_table(
    plan: NetworkPlan,
    layout: Layout,
    connections: pd.DataFrame,
    customers: pd.DataFrame,
    given: Assumptions,
) -> pd.DataFrame:
    """Return the customers with their house connections."""
    peak, reached = customers["peak_kw"].to_numpy(float), layout.reached
    volume = pipe.volume_flow_m3_s(peak, plan.flow_c, plan.return_c)
    rows = pipe.size_pipes(volume, pipe.capacities_m3_s(plan.flow_c, plan.return_c, given))
    table = pipe.catalogue().iloc[rows]
    length = np.where(reached, connections["connection_m"].to_numpy(float), 0.0)
    u_value = table["u_w_mk"].to_numpy()
    loss_w_m = pipe.heat_loss_w_m(u_value, plan.flow_c, plan.return_c, given)
    metre = pipe.pipe_cost_eur_m(rows, given) * given["grid.private_ground_factor"]
    station = np.maximum(
        given["grid.substation_investment"] * peak, given["grid.substation_minimum"]
    )
    return pd.DataFrame(
        {
            "reached": reached,
            "reason": layout.reason.astype(object),
            "section_id": connections["section_id"].to_numpy(object),
            "connection_m": connections["connection_m"].to_numpy(float),
            "dn": table["dn"].to_numpy(object),
            "annual_kwh": customers["annual_kwh"].to_numpy(float),
            "peak_kw": peak,
            "loss_kwh": loss_w_m * length * pipe.HOURS / 1000,
            "pressure_pa": length * _gradient(plan, volume, rows, given),
            "connection_eur": np.where(reached, metre * length + given["grid.house_entry"], 0.0),
            "substation_eur": np.where(reached, station, 0.0),
        },
        index=customers.index,
    )


def _gradient(
    plan: NetworkPlan, volume: Floats, rows: NDArray[np.intp], given: Assumptions
) -> Floats:
    """Return the pressure lost in a metre of trench: both pipes, bends and branches in it."""
    inner = pipe.catalogue()["inner_mm"].to_numpy()[rows] / 1000
    gradient = pipe.pressure_gradient_pa_m(
        volume,
        inner,
        pipe.roughness_m(rows, given),
        temperature_c=(plan.flow_c + plan.return_c) / 2,
    )
    return 2 * gradient * given["grid.fittings"]


def pipe_table(
    plan: NetworkPlan,
    layout: Layout,
    sections: gpd.GeoDataFrame,
    houses: pd.DataFrame,
    given: Assumptions,
) -> gpd.GeoDataFrame:
    """Return what `pipe_frame` does, keyed and with the shape of each pipe."""
    frame = pipe_frame(plan, layout, sections, houses, given)
    chosen = layout.chosen[layout.hung.pipe[layout.hung.order[1:]]]
    names = _pipe_ids(frame["section_id"].to_numpy(), layout.pieces.from_m[chosen])
    frame = frame.set_axis(pd.Index(names, name="pipe_id"), axis=0)
    return gpd.GeoDataFrame(frame, geometry=_shapes(layout, sections, chosen), crs=sections.crs)


def pipe_frame(
    plan: NetworkPlan,
    layout: Layout,
    sections: gpd.GeoDataFrame,
    houses: pd.DataFrame,
    given: Assumptions,
) -> pd.DataFrame:
    """Return the pipes in the streets from the root outwards, with flow, size, loss and cost."""
    hung, pieces = layout.hung, layout.pieces
    sums = _behind(layout, houses)
    child = hung.order[1:]  # the far end of each pipe
    chosen = layout.chosen[hung.pipe[child]]
    peak, square, count, _ = sums[child].T
    flow = peak * simultaneity(effective_number(peak, square), given)
    volume = pipe.volume_flow_m3_s(flow, plan.flow_c, plan.return_c)
    capacity = pipe.capacities_m3_s(plan.flow_c, plan.return_c, given)
    rows = pipe.size_pipes(volume, capacity, smallest_mm=given["grid.smallest_street_pipe"])
    table = pipe.catalogue().iloc[rows]
    section = sections.iloc[pieces.section[chosen]]
    length = pieces.to_m[chosen] - pieces.from_m[chosen]
    loss_w_m = pipe.heat_loss_w_m(table["u_w_mk"].to_numpy(), plan.flow_c, plan.return_c, given)
    cost = pipe.pipe_cost_eur_m(rows, given) * section["laying_factor"].to_numpy() * length
    frame = {
        "section_id": section.index.to_numpy(object),
        "length_m": length,
        "dn": table["dn"].to_numpy(object),
        "inner_mm": table["inner_mm"].to_numpy(),
        "consumers": count.astype(int),
        "peak_sum_kw": peak,
        "flow_kw": flow,
        "speed_m_s": volume / (np.pi / 4 * (table["inner_mm"].to_numpy() / 1000) ** 2),
        "overloaded": volume > capacity[rows] * (1 + 1e-6),
        "pressure_pa": length * _gradient(plan, volume, rows, given),
        "loss_kwh": loss_w_m * length * pipe.HOURS / 1000,
        "cost_eur": cost,
    }
    return pd.DataFrame(frame | _heat_through(layout, sums, frame["loss_kwh"]))


def _pipe_ids(section: NDArray[np.object_], from_m: Floats) -> list[str]:
    return [f"{name}@{place:.2f}" for name, place in zip(section, from_m, strict=True)]


def _behind(layout: Layout, houses: pd.DataFrame) -> Floats:
    """Return peak, squared peaks, consumers and heat behind each node, losses of houses in it."""
    node, reached = layout.node[layout.reached], houses[layout.reached]
    peak = reached["peak_kw"].to_numpy()
    heat = (reached["annual_kwh"] + reached["loss_kwh"]).to_numpy()
    values = np.zeros((layout.pieces.n, 4))
    for column, value in enumerate((peak, peak**2, np.ones(len(peak)), heat)):
        values[:, column] = np.bincount(node, weights=value, minlength=len(values))
    return subtree_sums(layout.hung.order, layout.hung.parent, values)


def _heat_through(layout: Layout, sums: Floats, loss_kwh: Floats) -> dict[str, Floats]:
    """Return the yearly heat that enters each pipe and that leaves it at the far end."""
    child = layout.hung.order[1:]
    lost = np.zeros((layout.pieces.n, 1))
    lost[child, 0] = loss_kwh
    behind = subtree_sums(layout.hung.order, layout.hung.parent, lost)[:, 0]
    enters = sums[child, 3] + behind[child]
    return {"heat_in_kwh": enters, "heat_out_kwh": enters - loss_kwh}


def _shapes(
    layout: Layout, sections: gpd.GeoDataFrame, chosen: NDArray[np.intp]
) -> NDArray[np.object_]:
    pieces = layout.pieces
    row = pieces.section[chosen]
    length = np.maximum(sections["length_m"].to_numpy(float)[row], 1e-9)
    start, end = pieces.from_m[chosen] / length, np.minimum(pieces.to_m[chosen] / length, 1.0)
    return cut_lines(sections.geometry.to_numpy(), row, start, end)


def energy_centre(
    lines: gpd.GeoDataFrame, layout: Layout, connections: pd.DataFrame
) -> shapely.Point | None:
    """Return where the energy centre stands."""
    if len(lines) == 0:
        at_root = np.flatnonzero(layout.reached)
        return connections.geometry.iloc[at_root[0]] if len(at_root) else None
    first = layout.chosen[layout.hung.pipe[layout.hung.order[1]]]
    forward = layout.pieces.start[first] == layout.root
    point: shapely.Point = shapely.get_point(lines.geometry.iloc[0], 0 if forward else -1)
    return point


def flow_figures(
    plan: NetworkPlan,
    layout: Layout,
    lines: pd.DataFrame,
    houses: pd.DataFrame,
    given: Assumptions,
) -> dict[str, float]:
    """Return lengths, yearly heat, power at the plant and what the pumps take."""
    on = houses[houses["reached"]]
    peaks = on["peak_kw"].to_numpy()
    total, square = np.atleast_1d(peaks.sum()), np.atleast_1d((peaks**2).sum())
    share = float(simultaneity(effective_number(total, square), given)[0])
    flow_kw = float(total[0]) * share
    lost = float(lines["loss_kwh"].sum() + on["loss_kwh"].sum())
    delivered = float(on["annual_kwh"].sum())
    pressure = _pressure_kpa(layout, lines, on, given)
    volume = float(pipe.volume_flow_m3_s(np.array([flow_kw]), plan.flow_c, plan.return_c)[0])
    pump = pressure * volume / given["grid.pump_efficiency"]
    hours = (delivered + lost) / flow_kw if flow_kw > 0 else 0.0
    return {
        "trench_m": float(lines["length_m"].sum()),
        "connection_m": float(on["connection_m"].sum()),
        "consumers": float(len(on)),
        "supplied_kwh": delivered,
        "loss_kwh": lost,
        "fed_in_kwh": delivered + lost,
        "peak_sum_kw": float(total[0]),
        "simultaneity": share,
        "peak_kw": flow_kw + lost / pipe.HOURS,
        "pressure_kpa": pressure,
        "pump_kw": pump,
        "pump_kwh": pump * hours * given["grid.pump_part_load"],
    }


def _pressure_kpa(
    layout: Layout, lines: pd.DataFrame, on: pd.DataFrame, given: Assumptions
) -> float:
    """Return the pressure difference at the plant that serves the worst placed customer."""
    if len(on) == 0:
        return 0.0
    along = np.zeros(layout.pieces.n)
    along[layout.hung.order[1:]] = lines["pressure_pa"].to_numpy()
    at = path_sums(layout.hung.order, layout.hung.parent, along)[layout.node[layout.reached]]
    worst = float((at + on["pressure_pa"].to_numpy()).max())
    return worst / 1000 + given["grid.substation_pressure"]
