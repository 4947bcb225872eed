"""Reads networks and trip tables of the Transportation Networks for Research library (TNTP)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twin.errors import TwinError
from twin.mobility.assignment import Problem, VehicleClass
from twin.mobility.graph import graph_of

if TYPE_CHECKING:
    from pathlib import Path

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][-+]?\d+)?"
COLUMNS = {  # what headers call a column; longer names first
    "tail": "initial node|init node|from node|start node|a node|tail|from",
    "head": "terminal node|term node|to node|end node|b node|head|to",
    "capacity": "capacity|cap",
    "length": "length|distance",
    "time": "free flow travel time|free flow time|fftime|fft|free flow|travel time",
    "alpha": "alpha|b",
    "beta": "power|beta",
    "speed": "speed limit|speed",
    "toll": "toll",
    "type": "link type|type",
}
NEEDED = ("tail", "head", "capacity", "time", "alpha", "beta")
WORD = re.compile(
    r"(?<![a-z])(?:" + "|".join(f"(?P<{k}>{v})" for k, v in COLUMNS.items()) + r")(?![a-z])"
)
PAIR = re.compile(rf"(\d+)\s*:\s*({NUMBER})\s*;?")
ORIGIN = re.compile(r"origin\s*:?\s*(\d+)", re.IGNORECASE)


class TntpError(TwinError):
    """A file that does not follow the format."""


@dataclass(frozen=True, eq=False)
class Net:
    """A network; nodes count from 0, those below `zones` are the zones."""

    zones: int
    nodes: int
    through: int  # nodes below this number are no thoroughfare
    tails: np.ndarray
    heads: np.ndarray
    capacity: np.ndarray
    length: np.ndarray
    free_time: np.ndarray
    alpha: np.ndarray
    beta: np.ndarray
    toll: np.ndarray
    toll_factor: float
    distance_factor: float

    @property
    def fixed(self) -> np.ndarray:
        """What a link costs besides time."""
        return self.toll_factor * self.toll + self.distance_factor * self.length


def problem_of_net(net: Net, demand: np.ndarray) -> Problem:
    """Give the network and its trips as a problem of one class."""
    graph = graph_of(net.tails, net.heads, net.nodes)
    by = graph.order
    return Problem(
        graph=graph, free_time=net.free_time[by], capacity=net.capacity[by], alpha=net.alpha[by],
        beta=net.beta[by], classes=(VehicleClass("car", demand, net.fixed[by]),),
        zones=net.zones, through=net.through,
    )  # fmt: skip


def read_net(
    path: Path, toll_factor: float | None = None, distance_factor: float | None = None
) -> Net:
    """Read a network; factors that are given go before those the file states."""
    facts, body = _parted(path)
    zones, nodes = _whole(path, facts, "NUMBER OF ZONES"), _whole(path, facts, "NUMBER OF NODES")
    columns = _table(path, body)
    stated = facts.get("NUMBER OF LINKS")
    count = len(columns["tail"])
    if stated is not None and _whole(path, facts, "NUMBER OF LINKS") != count:
        raise TntpError(
            "{path}: {count} links, the head of the file says {stated}.",
            path=path, count=count, stated=stated,
        )  # fmt: skip
    ends = np.array([columns["tail"], columns["head"]])
    if count and ((ends < 1) | (ends > nodes) | (ends != np.floor(ends))).any():
        wrong = int(np.argmax(((ends < 1) | (ends > nodes) | (ends != np.floor(ends))).any(axis=0)))
        raise TntpError(
            "{path}: link {link} joins nodes {a:g} and {b:g}, nodes are 1 to {nodes}.",
            path=path, link=wrong + 1, a=ends[0, wrong], b=ends[1, wrong], nodes=nodes,
        )  # fmt: skip
    if zones > nodes:
        raise TntpError("{path}: {z} zones, only {n} nodes.", path=path, z=zones, n=nodes)
    through = _whole(path, facts, "FIRST THRU NODE", 1)
    none = np.zeros(count)
    return Net(
        zones, nodes, max(0, min(through - 1, nodes)),
        ends[0].astype(np.int32) - 1, ends[1].astype(np.int32) - 1,
        columns["capacity"], columns.get("length", none), columns["time"], columns["alpha"],
        columns["beta"], columns.get("toll", none),
        _factor(path, facts, "TOLL FACTOR") if toll_factor is None else toll_factor,
        _factor(path, facts, "DISTANCE FACTOR") if distance_factor is None else distance_factor,
    )  # fmt: skip


def read_trips(path: Path, zones: int) -> np.ndarray:
    """Read the trips between `zones` zones (z, z), those inside a zone too."""
    facts, body = _parted(path)
    stated = _whole(path, facts, "NUMBER OF ZONES", zones)
    if stated != zones:
        raise TntpError(
            "{path}: trips of {stated} zones, the network has {zones}.",
            path=path, stated=stated, zones=zones,
        )  # fmt: skip
    text = "\n".join(line for _, line in body if not line.startswith("~"))
    parts = ORIGIN.split(text)
    _nothing_left(path, parts[0])
    trips = np.zeros((zones, zones))
    for origin, block in zip(parts[1::2], parts[2::2], strict=True):
        _nothing_left(path, PAIR.sub(" ", block))
        found = np.array([(int(d), _number(v)) for d, v in PAIR.findall(block)]).reshape(-1, 2)
        dest = found[:, 0].astype(int)
        if not 1 <= int(origin) <= zones or (
            len(dest) and not 1 <= dest.min() <= dest.max() <= zones
        ):
            raise TntpError(
                "{path}: origin {origin} or one of its destinations is none of {zones} zones.",
                path=path, origin=origin, zones=zones,
            )  # fmt: skip
        np.add.at(trips[int(origin) - 1], dest - 1, found[:, 1])
    return trips


def _parted(path: Path) -> tuple[dict[str, str], list[tuple[int, str]]]:
    """Part the metadata from the numbered lines after them, comments at line ends cut off."""
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise TntpError("{path} cannot be read: {why}.", path=path, why=error.strerror) from error
    facts, body = {}, []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        found = re.match(r"<\s*([^>]+?)\s*>\s*([^\s~;]*)", line)
        if found:
            name = " ".join(found[1].upper().replace("_", " ").split())
            facts[name.replace("THROUGH", "THRU")] = found[2]
        elif line.startswith("~"):
            body.append((number, line))
        elif line.partition("~")[0].strip():
            body.append((number, line.partition("~")[0].strip()))
    return facts, body


def _whole(path: Path, facts: dict[str, str], name: str, otherwise: int | None = None) -> int:
    if name not in facts and otherwise is not None:
        return otherwise
    value = facts.get(name, "")
    if not re.fullmatch(r"\d+(\.0*)?", value):
        raise TntpError("{path}: <{name}> is missing or no number.", path=path, name=name)
    return int(float(value))


def _factor(path: Path, facts: dict[str, str], name: str) -> float:
    value = facts.get(name) or "0"
    if not re.fullmatch(NUMBER, value):
        raise TntpError("{path}: <{name}> is no number.", path=path, name=name)
    return _number(value)


def _number(text: str) -> float:
    return float(text.replace("D", "e").replace("d", "e"))


def _table(path: Path, body: list[tuple[int, str]]) -> dict[str, np.ndarray]:
    """Read the lines of links into columns, in the order the header names them."""
    rows, names = [], []
    for number, line in body:
        words = line.replace(";", " ").split()
        if line.startswith("~") or not re.fullmatch(NUMBER, words[0] if words else ""):
            found = _header(line)
            if not rows and set(NEEDED) <= set(found):
                names = found
            elif not line.startswith("~") and words and rows:
                raise TntpError("{path}, line {line}: no link.", path=path, line=number)
            continue
        if not all(re.fullmatch(NUMBER, word) for word in words):
            raise TntpError("{path}, line {line}: not all are numbers.", path=path, line=number)
        if (rows and len(words) != len(rows[0])) or len(words) < 7:
            raise TntpError(
                "{path}, line {line}: {count} columns.", path=path, line=number, count=len(words)
            )
        rows.append([_number(word) for word in words])
    width = len(rows[0]) if rows else len(COLUMNS)
    names = names if len(names) == width else list(COLUMNS)[:width]
    table = np.array(rows).reshape(-1, width)
    return {name: np.ascontiguousarray(table[:, i]) for i, name in enumerate(names)}


def _header(line: str) -> list[str]:
    """Name the columns a line lists, whatever their spelling; units in brackets do not count."""
    plain = re.sub(r"[_\-.]", " ", re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", line.lower()))
    plain = re.sub(r"\s+", " ", plain)
    found = [str(match.lastgroup) for match in WORD.finditer(plain)]
    return found if len(set(found)) == len(found) else []


def _nothing_left(path: Path, text: str) -> None:
    rest = text.replace(";", " ").split()
    if rest:
        raise TntpError("{path}: cannot read {word}.", path=path, word=repr(rest[0]))
