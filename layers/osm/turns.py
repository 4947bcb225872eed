"""Turn restrictions: from ways and nodes to links; what cannot be said with one node is counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layers.osm.access import MODES
from layers.osm.findings import finding
from layers.osm.tags import among, table
from twin.classes import TURN_KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from layers.osm.network import Network
    from layers.osm.tags import Tags
    from twin.provenance import Finding

Members = list[tuple[str, int, str]]


@dataclass(frozen=True)
class Restriction:
    """One turn: from a way over a node, or over ways, to a way."""

    key: str
    kind: str
    except_modes: str
    from_way: int
    via_node: int | None
    via_ways: tuple[int, ...]
    to_way: int


@dataclass
class Restrictions:
    """Restrictions read from relations, and those that say nothing usable."""

    rows: list[Restriction] = field(default_factory=list)
    problems: dict[str, list[str]] = field(default_factory=dict)

    def note(self, code: str, key: str) -> None:
        """Remember one restriction that cannot be used."""
        self.problems.setdefault(code, []).append(key)


def read_restrictions(relations: pd.DataFrame) -> Restrictions:
    """Return the turn restrictions among the relations."""
    out = Restrictions()
    for key, tags, members in zip(
        relations.index, relations["tags"], relations["members"], strict=True
    ):
        if tags.get("type", "").startswith("restriction"):
            _read_one(out, key, tags, members)
    return out


def _read_one(out: Restrictions, key: str, tags: Tags, members: Members) -> None:
    kind, banned = _kind_and_modes(tags)
    if not kind:
        timed = any(k.endswith(":conditional") for k in tags)
        out.note("timed" if timed else "unknown", key)
        return
    if not banned:
        return  # it concerns nobody we model
    role = {
        name: [(t, ref) for t, ref, r in members if r == name] for name in ("from", "via", "to")
    }
    starts, ends = ([ref for t, ref in role[name] if t == "w"] for name in ("from", "to"))
    nodes = [ref for t, ref in role["via"] if t == "n"]
    ways = tuple(ref for t, ref in role["via"] if t == "w")
    pairs = [(a, b) for a in starts for b in ends]
    if not pairs or len(nodes) + bool(ways) != 1:
        out.note("incomplete", key)
        return
    free = " ".join(mode for mode in MODES[:-1] if mode not in banned)
    for number, (a, b) in enumerate(pairs):
        name = key if len(pairs) == 1 else f"{key}:{number}"
        out.rows.append(Restriction(name, kind, free, a, nodes[0] if nodes else None, ways, b))


def _kind_and_modes(tags: Mapping[str, str]) -> tuple[str, set[str]]:
    """
    Return the kind of restriction and the vehicles it binds.

    >>> kind, banned = _kind_and_modes({"restriction": "no_left_turn", "except": "psv;bicycle"})
    >>> kind, sorted(banned)
    ('no_left_turn', ['car', 'truck'])
    >>> _kind_and_modes({"restriction:hgv": "no_u_turn"})
    ('no_u_turn', {'truck'})
    """
    names: dict[str, list[str]] = table()["turns"]["modes"]
    kind = tags.get("restriction", "")
    banned = set(MODES[:-1])  # a turn restriction binds vehicles, not people on foot
    if kind not in TURN_KINDS:
        special = {k.partition(":")[2]: v for k, v in tags.items() if k.startswith("restriction:")}
        kind, vehicle = next(
            ((v, k) for k, v in special.items() if k in names and v in TURN_KINDS), ("", "")
        )
        banned = set(names.get(vehicle, ()))
    for word in tags.get("except", "").replace(",", ";").split(";"):
        banned -= set(names.get(word.strip(), ()))
    return kind, banned


def nodes_to_keep(restrictions: Restrictions, ways: pd.DataFrame) -> np.ndarray[Any, Any]:
    """Return node ids at which restrictions turn; they must stay nodes of the network."""
    keep = {row.via_node for row in restrictions.rows if row.via_node is not None}
    for row in restrictions.rows:
        for way in row.via_ways:
            if (key := f"osm:w{way}") in ways.index:
                refs: Any = ways["refs"][key]
                keep |= {int(refs[0]), int(refs[-1])}
    return np.array(sorted(keep), dtype=np.int64)


def turns(restrictions: Restrictions, network: Network) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the turns table: restrictions between links at a node."""
    arrive, leave = _half_edges(network)
    rows = []
    for row in restrictions.rows:
        one = _over_node(row, arrive, leave) if not row.via_ways else None
        if row.via_ways:
            one = _over_ways(row, network, arrive, leave)
        if isinstance(one, str):
            restrictions.note(one, row.key)
        else:
            rows += [(row, via, *pair) for via, pair in one or ()]
    out = pd.DataFrame(
        {
            "kind": [row.kind for row, *_ in rows],
            "from_link": _link_names(network, [pair[2] for pair in rows]),
            "via_node": [f"osm:n{pair[1]}" for pair in rows],
            "to_link": _link_names(network, [pair[3] for pair in rows]),
            "except_modes": [row.except_modes or None for row, *_ in rows],
        },
        index=_unique([row.key for row, *_ in rows]),
    )
    exists = among(out["from_link"], network.links.index)
    exists &= among(out["to_link"], network.links.index)
    for key in out.index[~exists]:
        restrictions.note("no_effect", key)
    return out[exists], _findings(restrictions)


def _unique(keys: list[str]) -> list[str]:
    names = pd.Series(keys, dtype=object)
    running = names.groupby(names).cumcount().tolist()
    return [key if n == 0 else f"{key}:{n}" for key, n in zip(keys, running, strict=True)]


def _half_edges(network: Network) -> tuple[dict[Any, list[int]], dict[Any, list[int]]]:
    """Return half-edges by (way, node): those that arrive at the node and those that leave it."""
    edges = network.edges
    number = np.array([int(key[5:]) for key in network.ways.index], dtype=np.int64)[edges.way]
    arrive: dict[Any, list[int]] = {}
    for edge, (way, start, end) in enumerate(
        zip(number.tolist(), edges.start.tolist(), edges.end.tolist(), strict=True)
    ):
        arrive.setdefault((way, end), []).append(2 * edge)
        arrive.setdefault((way, start), []).append(2 * edge + 1)
    leave = {place: [half ^ 1 for half in halves] for place, halves in arrive.items()}
    return arrive, leave


def _over_node(
    row: Restriction, arrive: dict[Any, list[int]], leave: dict[Any, list[int]]
) -> str | list[tuple[int, tuple[int, int]]]:
    """Return (node, (half-edge in, half-edge out)) or the code of what is wrong."""
    via = row.via_node
    assert via is not None
    into, out_of = arrive.get((row.from_way, via), []), leave.get((row.to_way, via), [])
    if not into or not out_of:
        return "unresolved"
    if row.from_way == row.to_way and row.kind.endswith("u_turn"):
        return [(via, (half, half ^ 1)) for half in into]
    if len(into) > 1 or len(out_of) > 1:
        return "ambiguous"
    return [(via, (into[0], out_of[0]))]


def _over_ways(
    row: Restriction, network: Network, arrive: dict[Any, list[int]], leave: dict[Any, list[int]]
) -> str | list[tuple[int, tuple[int, int]]]:
    """
    Reduce "not from A over V to B" to "not from V to B", where nobody but A can enter V.

    Only then both say the same. Anything else is reported and not used.
    """
    if len(row.via_ways) != 1 or not row.kind.startswith("no_"):
        return "via_way"
    chains, links = network.chains, network.links
    over = row.via_ways[0]
    ends = [node for way, node in arrive if way == over]
    first = [n for n in ends if (row.from_way, n) in arrive]
    last = [n for n in ends if (row.to_way, n) in leave]
    pairs = [(a, b) for a in first for b in last if a != b]
    if len(pairs) != 1:
        return "via_way"
    start, end = pairs[0]
    out, into, beyond = leave[over, start], arrive[over, end], leave[row.to_way, end]
    same = len(out) == 1 and len(into) == 1 and len(beyond) == 1
    if not same or chains.of_edge[out[0] // 2] != chains.of_edge[into[0] // 2]:
        return "via_way"
    entering = links[(links["to_node"] == f"osm:n{start}") & links["allow_car"]]
    own = {chains.of_edge[half // 2] for half in arrive[row.from_way, start]}
    own.add(chains.of_edge[out[0] // 2])
    if not set(entering["chain"]) <= own:
        return "via_way"
    return [(end, (into[0], beyond[0]))]


def _link_names(network: Network, half_edges: list[int]) -> list[str]:
    """Return the link that each half-edge belongs to."""
    chains = network.chains
    half = np.array(half_edges, dtype=np.int64)
    forward = chains.along[half // 2] == (half % 2 == 0)
    names = network.name[chains.of_edge[half // 2]]
    return [f"{n}:{'f' if f else 'b'}" for n, f in zip(names, forward, strict=True)]


_MESSAGES = {
    "unknown": "{count} turn restrictions are of a kind nobody knows and are left out.",
    "timed": "{count} turn restrictions hold at some hours only and are left out.",
    "incomplete": "{count} turn restrictions lack a member and are left out.",
    "unresolved": "{count} turn restrictions name streets that do not meet there or lie outside.",
    "ambiguous": "{count} turn restrictions name a street that passes through the junction.",
    "via_way": "{count} turn restrictions lead over a street between and cannot be kept.",
    "no_effect": "{count} turn restrictions forbid what one-way streets forbid already.",
}


def _findings(restrictions: Restrictions) -> list[Finding]:
    out: list[Finding] = []
    for code, message in _MESSAGES.items():
        seen = restrictions.problems.get(code, [])
        severity = "info" if code in ("timed", "no_effect") else "warning"
        out += finding(f"turn_{code}", "turns", seen, message, severity=severity)  # type: ignore[arg-type]
    return out
