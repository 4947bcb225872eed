"""Networks of the size of known test cases, drawn by chance but always the same."""

from __future__ import annotations

import numpy as np

from tests.tools.tntp_read import Net


def made_net(zones, junctions, links, *, pairs, load=1.0, seed=1):
    """
    A town of `junctions` on a grid, streets split so that there are `links`, zones fed by two.

    Every fifth row and column is a main street. `pairs` pairs of zones have demand that falls with
    the distance; at `load` 1 vehicles lose about a third of their free-flow time.
    """
    rng = np.random.default_rng(seed)
    side = int(np.sqrt(junctions))
    junctions = side * side
    ends = _streets(side, (links - 2 * zones) // 2, rng)
    row, column = np.divmod(np.arange(junctions), side)
    across = row[ends[:, 0]] == row[ends[:, 1]]
    place = np.where(across, row[ends[:, 0]], column[ends[:, 0]])
    main = place % 5 == 2
    length = rng.uniform(0.15, 0.35, len(ends))
    time = length / np.where(main, 50, 30) * 60
    capacity = np.where(main, 1600.0, 700.0)
    parts = _parts(len(ends), (links - 2 * zones) // 2)
    tails, heads, owner, nodes = _split(ends, parts, junctions, zones)
    home = zones + rng.choice(junctions, zones, replace=zones > junctions)
    each = np.arange(zones)
    both_t = np.concatenate([tails, heads, each, home])
    both_h = np.concatenate([heads, tails, home, each])
    count = len(tails)
    free = np.r_[np.tile((time / parts)[owner], 2), np.full(2 * zones, 0.5)]
    streets = np.arange(len(free)) < 2 * count
    return Net(
        zones=zones, nodes=nodes, through=zones, tails=both_t.astype(np.int32),
        heads=both_h.astype(np.int32),
        capacity=np.r_[np.tile(capacity[owner], 2), np.full(2 * zones, 1e5)],
        length=np.r_[np.tile((length / parts)[owner], 2), np.full(2 * zones, 0.2)],
        free_time=free, alpha=np.where(streets, 0.15 if zones < 600 else 0.5, 0.0),
        beta=np.where(streets, 4.0, 0.0), toll=np.zeros(len(free)), toll_factor=0.0,
        distance_factor=0.0,
    ), _demand(home - zones, side, pairs, load, rng)  # fmt: skip


def _streets(side, most, rng):
    """Give a connected part of a grid with 1.48 streets a junction, the mean of road networks."""
    number = np.arange(side * side).reshape(side, side)
    edges = np.concatenate([
        np.column_stack([number[:, :-1].ravel(), number[:, 1:].ravel()]),
        np.column_stack([number[:-1].ravel(), number[1:].ravel()]),
    ])  # fmt: skip
    row, column = np.divmod(edges[:, 0], side)
    across = edges[:, 1] - edges[:, 0] == 1
    main = np.where(across, row, column) % 5 == 2
    order = np.lexsort((rng.random(len(edges)), ~main))
    parent = np.arange(side * side)

    def root(node):
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    wanted = min(len(edges), most, int(1.48 * side * side))
    needed, spare = [], []
    for edge in order:
        a, b = root(edges[edge, 0]), root(edges[edge, 1])
        (spare if a == b else needed).append(edge)
        parent[a] = b
    return edges[np.r_[needed, spare[: wanted - len(needed)]].astype(int)]


def _parts(streets, wanted):
    base, more = divmod(wanted, streets)
    return np.full(streets, base) + (np.arange(streets) < more)


def _split(ends, parts, junctions, zones):
    """Split each street into parts by nodes of its own; return ends, street and node count."""
    tails, heads, owner = [], [], []
    node = zones + junctions
    for street, (a, b) in enumerate(ends):
        chain = [a + zones, *range(node, node + parts[street] - 1), b + zones]
        node += parts[street] - 1
        tails += chain[:-1]
        heads += chain[1:]
        owner += [street] * parts[street]
    return np.array(tails), np.array(heads), np.array(owner), node


def _demand(home, side, pairs, load, rng):
    zones = len(home)
    row, column = np.divmod(home, side)
    far = np.hypot(row[:, None] - row, column[:, None] - column)
    size = rng.lognormal(0, 0.6, zones)
    weight = size[:, None] * size * np.exp(-far / (0.25 * side))
    np.fill_diagonal(weight, 0)
    order = np.argsort(-weight * rng.uniform(0.2, 1, weight.shape), axis=None, kind="stable")
    kept = np.zeros(zones * zones)
    kept[order[:pairs]] = weight.ravel()[order[:pairs]]
    kept = kept.reshape(zones, zones)
    # trips x cells driven over room on the streets of the grid
    return kept * load * 520 * side * side / (kept * np.maximum(far, 1)).sum()
