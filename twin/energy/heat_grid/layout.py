"""The layout of a network: which streets it follows from where, and who cannot be reached."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from twin.energy.heat_grid.flows import Hung, centre_of_load, hang
from twin.energy.heat_grid.graph import Pieces, cut_streets, heaviest_part, parts, rows_of
from twin.energy.heat_grid.steiner import steiner_tree
from twin.errors import ModelError

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    Ints = NDArray[np.intp]
    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Layout:
    """
    A tree of street pieces from the energy centre to the customers that can be reached.

    `hung.pipe` numbers the rows of `chosen`; customers stand in the order of `ids`.
    """

    ids: pd.Index[str]
    reason: NDArray[np.str_]  # why a customer is not reached, "" for those who are
    pieces: Pieces
    chosen: Ints  # rows of the pieces that carry a pipe
    hung: Hung
    root: int
    node: Ints  # tap of each customer, -1 where none
    section_ids: NDArray[np.object_]  # of the rows of the sections

    @property
    def reached(self) -> NDArray[np.bool_]:
        """Tell which customers are on the network."""
        return np.asarray(self.reason == "", bool)

    def sections_used(self) -> list[str]:
        """Return the ids of sections with a pipe in them."""
        return list(self.section_ids[np.unique(self.pieces.section[self.chosen])])


def lay_out(
    sections: gpd.GeoDataFrame,
    connections: pd.DataFrame,
    customers: pd.DataFrame,
    *,
    site: shapely.Point | None = None,
) -> Layout:
    """
    Find a short tree of street pieces for customers (`annual_kwh`, `peak_kw` by building_id).

    The network lies in the connected part of the streets with the site, or else with the most
    heat; customers elsewhere get the reason `separate_streets`, those without a street in reach
    `no_street`. Without a site the energy centre stands at the centre of the load, or of
    `anchor_kw` where there is such a column.
    """
    ids = customers.index
    row = rows_of(sections, connections.loc[ids, "section_id"])
    position = connections.loc[ids, "position_m"].to_numpy(float)
    on_street = row >= 0
    section, metre = row[on_street], position[on_street]
    if site is not None:
        place, at = _nearest_point(sections, site)
        section, metre = np.append(section, place), np.append(metre, at)
    pieces = cut_streets(sections, section, metre)
    node = np.full(len(ids), -1)
    node[on_street] = pieces.tap[: int(on_street.sum())]
    centre = int(pieces.tap[-1]) if site is not None else -1
    reason = _reasons(pieces, node, centre, customers["annual_kwh"].to_numpy(float))
    reached = reason == ""
    terminals = np.append(node[reached], centre) if centre >= 0 else node[reached]
    chosen = steiner_tree(pieces.n, pieces.start, pieces.end, pieces.weight, terminals)
    if centre < 0:
        load = customers["anchor_kw" if "anchor_kw" in customers else "peak_kw"]
        centre = _centre(pieces, chosen, node[reached], load.to_numpy(float)[reached])
    hung = hang(pieces.n, pieces.start[chosen], pieces.end[chosen], max(centre, 0))
    names = sections.index.to_numpy(object)
    return Layout(ids, reason, pieces, chosen, hung, centre, node, names)


def without(layout: Layout, keep: NDArray[np.bool_], served: NDArray[np.bool_]) -> Layout:
    """Return a layout cut down to some nodes, which hang together with the root, and customers."""
    pieces = layout.pieces
    chosen = layout.chosen[keep[pieces.start[layout.chosen]] & keep[pieces.end[layout.chosen]]]
    hung = hang(pieces.n, pieces.start[chosen], pieces.end[chosen], max(layout.root, 0))
    reason = np.where(layout.reached & ~served, "not_worth_it", layout.reason)
    return dataclasses.replace(layout, reason=reason, chosen=chosen, hung=hung)


def _nearest_point(sections: gpd.GeoDataFrame, site: shapely.Point) -> tuple[int, float]:
    place = int(shapely.STRtree(sections.geometry.to_numpy()).nearest(site))
    share = shapely.line_locate_point(sections.geometry.iloc[place], site, normalized=True)
    return place, float(share) * float(sections["length_m"].iloc[place])


def _reasons(pieces: Pieces, node: Ints, centre: int, heat_kwh: Floats) -> NDArray[np.str_]:
    reason = np.where(node < 0, "no_street", "").astype("<U16")
    part = parts(pieces.n, pieces.start, pieces.end)
    on_street = node >= 0
    if not on_street.any():
        return reason
    if centre >= 0:
        chosen = int(part[centre])
    else:
        chosen = heaviest_part(part, node[on_street], heat_kwh[on_street])
    reason[on_street & (part[np.maximum(node, 0)] != chosen)] = "separate_streets"
    return reason


def _centre(pieces: Pieces, chosen: Ints, node: Ints, peak_kw: Floats) -> int:
    if len(chosen) == 0:
        return int(node[0]) if len(node) else -1
    load: Floats = np.bincount(node, weights=peak_kw, minlength=pieces.n).astype(float)
    return centre_of_load(pieces.n, pieces.start[chosen], pieces.end[chosen], load)


UNDRAWN = 1000.0
"""Reluctance of streets outside of a drawn network: they only join what would else fall apart."""


def drawn_sections(
    sections: gpd.GeoDataFrame, section_of: pd.Series[str], streets: tuple[str, ...]
) -> pd.Index[str]:
    """
    Return the ids of the sections a plan is drawn along.

    Raises
    ------
    ModelError
        Streets that the city does not have, or that cannot carry a pipe.
    """
    wanted = pd.Index(streets)
    link = section_of.index.get_indexer(wanted)
    unknown = sorted(wanted[link < 0])
    ids = pd.Index(section_of.to_numpy()[link[link >= 0]]).unique()
    barred = sorted(ids[~ids.isin(sections.index)])
    if unknown or barred:
        template = "A heat network cannot lie in these streets: {streets}."
        hint = "Take streets of this city, no motorways, trunk roads or steps."
        named = ", ".join([*unknown, *barred][:5])
        raise ModelError(template, hint=hint, streets=named)
    return ids.sort_values()


def cut_lines(
    lines: NDArray[np.object_], row: Ints, start_share: Floats, end_share: Floats
) -> NDArray[np.object_]:
    """
    Return parts of lines: of line `row[i]` from a share of its length to another.

    Shares are 0 to 1, start before end; vertices between them stay.
    """
    at, owner = shapely.get_coordinates(lines[row], return_index=True)
    step = np.hypot(*np.diff(at, axis=0, prepend=at[:1]).T)
    first = np.searchsorted(owner, np.arange(len(row)))
    step[first] = 0.0
    along = np.cumsum(step)
    along -= along[first][owner]
    total = shapely.length(lines[row])
    share = along / np.where(total > 0, total, 1.0)[owner]
    inner = (share > start_share[owner] + 1e-9) & (share < end_share[owner] - 1e-9)
    ends = [
        shapely.get_coordinates(shapely.line_interpolate_point(lines[row], s, normalized=True))
        for s in (start_share, end_share)
    ]
    piece = np.concatenate([np.arange(len(row)), owner[inner], np.arange(len(row))])
    place = np.concatenate([start_share, share[inner], end_share])
    rank = np.repeat([0, 1, 2], [len(row), int(inner.sum()), len(row)])
    order = np.lexsort((place, rank, piece))
    points = np.concatenate([ends[0], at[inner], ends[1]])[order]
    return np.asarray(shapely.linestrings(points, indices=piece[order]))
