"""Houses along the street line: runs of frontage, groups of units, footprints, no overlaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from layers.sample_city.network import HALF_WIDTH_M

if TYPE_CHECKING:
    import geopandas as gpd

Array = np.ndarray[Any, Any]
CORNER_RAD = 0.6


@dataclass(frozen=True)
class Standing:
    """How one kind of house stands on its plot: (low, high) in metres, group in units."""

    width: tuple[float, float]
    depth: tuple[float, float]
    setback: tuple[float, float]
    group: tuple[int, int]
    gap: tuple[float, float]

    @property
    def frontage_m(self) -> float:
        """Street length that one unit takes on average."""
        return sum(self.width) / 2 + sum(self.gap) / sum(self.group)


STANDING = {
    "detached": Standing((9.0, 12.5), (9.5, 12.5), (3.5, 7.0), (1, 1), (6.5, 10.0)),
    "semi": Standing((7.2, 9.0), (10.0, 12.5), (4.0, 6.5), (2, 2), (6.2, 8.0)),
    "terraced": Standing((5.8, 7.2), (9.5, 11.5), (3.0, 6.0), (3, 8), (4.0, 6.0)),
    "multi_3_6": Standing((13.0, 17.0), (11.0, 13.0), (3.0, 6.0), (1, 2), (7.0, 10.0)),
    "closed": Standing((10.5, 15.0), (11.0, 13.0), (0.0, 0.6), (30, 40), (0.0, 0.0)),
    "multi_7_12": Standing((18.0, 24.0), (11.5, 13.0), (5.0, 9.0), (1, 3), (10.0, 14.0)),
    "multi_13": Standing((26.0, 38.0), (12.0, 14.0), (7.0, 10.0), (1, 2), (16.0, 22.0)),
    "garages": Standing((2.8, 3.1), (5.8, 6.4), (1.0, 3.0), (4, 9), (6.0, 12.0)),
    "industry_medium": Standing((22.0, 55.0), (18.0, 45.0), (7.0, 14.0), (1, 1), (10.0, 20.0)),
    "industry_large": Standing((45.0, 120.0), (35.0, 90.0), (9.0, 20.0), (1, 1), (14.0, 30.0)),
}


@dataclass(frozen=True)
class Runs:
    """Frontage lines between corners; all runs lie one after another on one long chainage."""

    points: Array  # (n, 2) start of each segment
    direction: Array  # (n, 2) unit vectors; the plot lies to the left
    chainage: Array  # (n,) of the segment starts
    start: Array  # (r,) chainage where each run starts
    length: Array  # (r,)
    land: Array  # (r,) position of the land polygon

    def place(self, chainage: Array) -> Array:
        """Return the points at `chainage` (n, 2)."""
        at = np.searchsorted(self.chainage, chainage, side="right") - 1
        at = np.clip(at, 0, len(self.points) - 1)
        ahead = (chainage - self.chainage[at])[:, None]
        found: Array = self.points[at] + self.direction[at] * ahead
        return found

    def following(self) -> Array:
        """Return the run after each run on the same ring."""
        number = np.arange(len(self.land))
        first = np.searchsorted(self.land, self.land)
        last = np.append(self.land[1:] != self.land[:-1], True)
        return np.where(last, first, number + 1)

    def turn_at_end(self) -> Array:
        """Return the left turn (radians) from each run into the following one."""
        begins = np.searchsorted(self.chainage, self.start + 1e-6, side="right") - 1
        ends = np.append(begins[1:], len(self.points)) - 1
        after = self.direction[begins[self.following()]]
        last = self.direction[ends]
        turn: Array = np.angle((after[:, 0] + 1j * after[:, 1]) * (last[:, 0] - 1j * last[:, 1]))
        return turn

    def inward(self, chainage: Array, run: Array, reach_m: float = 3.0) -> Array:
        """Return unit vectors (n, 2) from the street line into the plot."""
        low, high = self.start[run], self.start[run] + self.length[run] - 1e-6
        a = self.place(np.clip(chainage - reach_m, low, high))
        b = self.place(np.clip(chainage + reach_m, low, high))
        return _left(a, b)


def _left(a: Array, b: Array) -> Array:
    normal = np.column_stack([a[:, 1] - b[:, 1], b[:, 0] - a[:, 0]])
    unit: Array = normal / np.maximum(np.hypot(*normal.T), 1e-9)[:, None]
    return unit


def plots_of(
    blocks: gpd.GeoDataFrame, pieces: gpd.GeoDataFrame, built: Array
) -> tuple[Array, Array]:
    """Return the private ground (blocks less street ground) and the block of each part."""
    street = pieces[pieces["class"] != "track"]
    half = street["class"].map(HALF_WIDTH_M).to_numpy() + (street["way"].to_numpy() % 3) * 0.5
    ground = shapely.buffer(street.geometry.to_numpy(), half, quad_segs=3)
    stub = street[street["rank"] == 4].geometry.to_numpy()
    turning = shapely.buffer(
        np.concatenate([shapely.get_point(stub, 0), shapely.get_point(stub, -1)]), 6.5, quad_segs=4
    )
    public = shapely.union_all(np.concatenate([ground, turning]))
    private = shapely.union_all(blocks.geometry.to_numpy()[built])
    parts = shapely.get_parts(shapely.difference(private, public))
    parts = shapely.simplify(parts[shapely.area(parts) > 260], 0.25)
    tree = shapely.STRtree(blocks.geometry.to_numpy())
    part, block = tree.query(shapely.point_on_surface(parts), predicate="intersects")
    first = pd.Series(block, index=part).groupby(level=0).first()
    return parts[first.index.to_numpy()], first.to_numpy()


def runs_of(land: Array) -> Runs:
    """Walk around every plot area and split its street line at the corners."""
    ring = shapely.get_exterior_ring(shapely.orient_polygons(land))
    xy, owner = shapely.get_coordinates(ring, return_index=True)
    last = np.append(owner[1:] != owner[:-1], True)
    xy, owner = xy[~last], owner[~last]  # the closing point repeats the first
    count = np.bincount(owner, minlength=len(land))
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    number = np.arange(len(xy)) - first[owner]
    before = first[owner] + (number - 1) % count[owner]
    after = first[owner] + (number + 1) % count[owner]
    heading = np.arctan2(*(xy[after] - xy).T[::-1])
    turn = np.angle(np.exp(1j * (heading - heading[before])))
    corner = np.abs(turn) > CORNER_RAD
    start_at = pd.Series(np.where(corner, number, 10**9)).groupby(owner).min().to_numpy()
    start_at = np.where(start_at == 10**9, 0, start_at)
    corner |= number == start_at[owner]
    order = np.lexsort([(number - start_at[owner]) % count[owner], owner])
    xy, owner, corner = xy[order], owner[order], corner[order]
    following = np.append(np.arange(1, len(xy)), 0)
    following[np.cumsum(count) - 1] = first  # every ring closes
    step = xy[following] - xy
    length = np.hypot(*step.T)
    chainage = np.concatenate([[0], np.cumsum(length)[:-1]])
    begins = np.flatnonzero(corner)
    total = chainage[-1] + length[-1]
    run_start = chainage[begins]
    return Runs(
        points=xy,
        direction=step / np.maximum(length, 1e-9)[:, None],
        chainage=chainage,
        start=run_start,
        length=np.diff(np.append(run_start, total)),
        land=owner[begins],
    )


def units_on(runs: Runs, which: Array, kind: str, rng: np.random.Generator) -> pd.DataFrame:
    """
    Line up units of one kind on the runs `which`.

    Returns run, s (chainage of the left edge), width, depth, setback, row (units joined), unit.
    """
    how = STANDING[kind]
    n = len(which)
    width, depth = rng.uniform(*how.width, n), rng.uniform(*how.depth, n)
    setback, gap = rng.uniform(*how.setback, n), rng.uniform(*how.gap, n)
    group = rng.integers(how.group[0], how.group[1] + 1, n)
    margin = np.where(kind == "closed", 0.5, 3.5 + 0.35 * depth)
    free = runs.length[which] - 2 * margin
    group = np.clip(group, 1, np.maximum((free // width).astype(int), 1))
    rows = np.maximum(((free + gap) // (group * width + gap)).astype(int), 0)
    rows = np.where(free < width, 0, rows)
    spare = free - rows * group * width
    gap = np.where(rows > 1, np.minimum(spare / np.maximum(rows - 1, 1), gap * 1.5), gap)
    offset = margin + np.maximum(spare - gap * (rows - 1), 0) / 2
    row_of = np.repeat(np.arange(n), rows)
    row = np.arange(len(row_of)) - np.repeat(np.cumsum(rows) - rows, rows)
    left = runs.start[which][row_of] + offset[row_of] + row * (group * width + gap)[row_of]
    unit_of = np.repeat(np.arange(len(row_of)), group[row_of])
    unit = np.arange(len(unit_of)) - np.repeat(
        np.cumsum(group[row_of]) - group[row_of], group[row_of]
    )
    source = row_of[unit_of]
    return pd.DataFrame(
        {
            "kind": kind,
            "run": which[source],
            "s": left[unit_of] + unit * width[source],
            "width": width[source],
            "depth": depth[source],
            "setback": setback[source],
            "joined": group[source],
            "unit": unit,
        }
    )


def closed_units(runs: Runs, which: Array, rng: np.random.Generator) -> pd.DataFrame:
    """
    Fill runs wall to wall; where two of them meet, one house takes the corner.

    A corner house has kind `closed` and unit -1; its width is the arm along both streets.
    """
    how = STANDING["closed"]
    depth = how.depth[0] + (runs.land[which] % 3) * 0.9  # one depth all around a block
    arm = np.zeros(len(runs.start))
    following = runs.following()
    is_closed = np.isin(np.arange(len(runs.start)), which)
    full = np.zeros(len(runs.start))
    full[which] = depth
    inner = np.pi - runs.turn_at_end()
    fits = is_closed & is_closed[following] & (inner > 0.95) & (inner < 2.3)
    arm[fits] = full[fits] / np.tan(inner[fits] / 2)
    fits &= (arm < 0.42 * runs.length) & (arm < 0.42 * runs.length[following])
    arm[~fits] = 0.0
    before = np.zeros_like(arm)
    before[following] = arm
    start, end = np.where(before > 0, before, 1.0)[which], np.where(arm > 0, arm, 1.0)[which]
    free = runs.length[which] - start - end
    count = np.maximum(np.round(free / rng.uniform(*how.width, len(which))).astype(int), 0)
    row = np.repeat(np.arange(len(which)), count)
    unit = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    width = (free / np.maximum(count, 1))[row]
    corner = np.flatnonzero(fits)
    return pd.DataFrame(
        {
            "kind": "closed",
            "run": np.concatenate([which[row], corner]),
            "s": np.concatenate(
                [
                    (runs.start[which] + start)[row] + unit * width,
                    (runs.start + runs.length - arm)[corner],
                ]
            ),
            "width": np.concatenate([width, arm[corner]]),
            "depth": np.concatenate([depth[row], full[corner]]),
            "setback": 0.0,
            "joined": np.concatenate([np.maximum(count[row], 2), np.full(len(corner), 2)]),
            "unit": np.concatenate([unit, np.full(len(corner), -1)]),
        }
    )


def footprints(runs: Runs, units: pd.DataFrame, rng: np.random.Generator) -> Array:
    """Return the footprint of every unit; joined units share their walls exactly."""
    s, width = units["s"].to_numpy(), units["width"].to_numpy()
    depth, setback = units["depth"].to_numpy(), units["setback"].to_numpy()
    run = units["run"].to_numpy()
    a, b = runs.place(s), runs.place(s + width)
    na, nb = runs.inward(s, run), runs.inward(s + width, run)
    alone = (units["joined"] == 1).to_numpy()
    across = _left(a, b)
    along = np.column_stack([across[:, 1], -across[:, 0]])
    middle = (a + b) / 2
    n = len(units)
    loose = units["kind"].isin(["detached"]).to_numpy()
    wide = np.where(alone & loose, width * rng.uniform(0.86, 1.12, n), width)
    depth = np.where(alone & loose, depth * rng.uniform(0.85, 1.12, n), depth)
    setback = np.where(alone & loose, setback + rng.uniform(-0.7, 0.9, n), setback)
    a0 = middle - along * (wide / 2)[:, None]
    b0 = middle + along * (wide / 2)[:, None]
    a, b = np.where(alone[:, None], a0, a), np.where(alone[:, None], b0, b)
    na, nb = np.where(alone[:, None], across, na), np.where(alone[:, None], across, nb)
    near, far = setback[:, None], (setback + depth)[:, None]
    quad = np.stack([a + na * near, b + nb * near, b + nb * far, a + na * far], axis=1)
    shapes = np.asarray(shapely.polygons(quad))
    corner = np.flatnonzero(units["unit"] < 0)
    shapes[corner] = _corner_houses(runs, units.iloc[corner])
    bay = np.flatnonzero(alone & loose & (rng.random(n) < 0.4))
    shapes[bay] = _with_wing(quad[bay], rng)
    return shapes


def _corner_houses(runs: Runs, units: pd.DataFrame) -> Array:
    """Kites in the corner: arms along both streets, as deep as the rows beside them."""
    run = units["run"].to_numpy()
    arm, depth = units["width"].to_numpy(), units["depth"].to_numpy()
    following = runs.following()[run]
    begin = runs.start[run] + runs.length[run] - arm
    a, b = runs.place(begin), runs.place(runs.start[following] + arm)
    tip = runs.place(runs.start[following])
    back = a + runs.inward(begin, run) * depth[:, None]
    return np.asarray(shapely.polygons(np.stack([a, tip, b, back], axis=1)))


def _with_wing(quad: Array, rng: np.random.Generator) -> Array:
    """Add a lower wing to the garden side: an L-shaped footprint."""
    share = rng.uniform(0.35, 0.6, (len(quad), 1))
    reach = rng.uniform(0.2, 0.45, (len(quad), 1))
    a, b, c, d = quad.transpose(1, 0, 2)
    foot = d + (c - d) * share
    back = (d - a) * reach
    ring = np.stack([a, b, c, foot, foot + back, d + back], axis=1)
    mirror = np.stack([a, b, c + back, c + (d - c) * share + back, c + (d - c) * share, d], axis=1)
    flip = rng.random(len(quad)) < 0.5
    return np.asarray(shapely.polygons(np.where(flip[:, None, None], mirror, ring)))


def without_overlap(shapes: Array, priority: Array, placed: Array) -> Array:
    """
    Return a mask of the shapes to keep so that none overlaps another or a placed one.

    Lower `priority` wins; touching walls are no overlap (slivers under 0.05 m² do not count).
    """
    alive = np.ones(len(shapes), bool)
    if len(placed):
        tree = shapely.STRtree(placed)
        i, j = tree.query(shapes, predicate="intersects")
        hit = shapely.area(shapely.intersection(shapes[i], placed[j])) > 0.05
        alive[i[hit]] = False
    i, j = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pair = i < j
    i, j = i[pair], j[pair]
    hit = shapely.area(shapely.intersection(shapes[i], shapes[j])) > 0.05
    i, j = i[hit], j[hit]
    swap = priority[i] > priority[j]
    win, lose = np.where(swap, j, i), np.where(swap, i, j)
    while True:
        open_pair = alive[win] & alive[lose]
        if not open_pair.any():
            return alive
        win, lose = win[open_pair], lose[open_pair]
        safe = ~np.isin(win, lose)  # beaten by nobody that is left
        alive[lose[safe]] = False
