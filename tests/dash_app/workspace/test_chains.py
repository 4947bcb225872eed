"""Streets between clicks: by hand on a grid, against networkx, bad clicks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pytest
import shapely

from dash_app.workspace.chains import ChainError, chain
from tests.small_town import small_town
from tests.twin.measures.street_town import TO_DEGREES, E, N, make_city

if TYPE_CHECKING:
    from twin.city import City


def at(x: float, y: float) -> list[float]:
    """Degrees of a place in the grid town, in metres from its corner."""
    return list(TO_DEGREES.transform(E + x, N + y))


def test_the_chain_runs_from_street_to_street() -> None:
    """Row a runs west to east in the south, column f north in the east."""
    found = chain(make_city(), [at(50, 0), at(200, 50)])
    assert found.ids == ("a:0:f", "a:1:f", "f:0:f")
    assert found.length_m == 300
    assert found.names == ("Weg A", "Weg F")
    line = np.array(found.line["coordinates"])
    assert np.allclose(line[[0, -1]], [at(0, 0), at(200, 100)], atol=2e-6)


def test_one_way_streets_are_passed_in_both_directions() -> None:
    """Street f:0 has no way back; its link stands for it, whichever way the chain runs."""
    found = chain(make_city(), [at(200, 150), at(150, 0)])
    assert found.ids == ("f:1:b", "f:0:f", "a:1:b")
    line = shapely.LineString(found.line["coordinates"])
    assert line.is_simple
    assert np.allclose(line.coords[-1], at(100, 0), atol=2e-6)


def test_a_bridge_is_not_left_in_its_middle() -> None:
    """The motorway passes over every junction; a click on it and one beside it do not meet."""
    with pytest.raises(ChainError, match="No way leads"):
        chain(make_city(), [at(60, 60), at(50, 0)])


def test_a_third_click_goes_on_and_names_no_street_twice() -> None:
    clicks = [at(50, 0), at(150, 0), at(200, 50)]
    whole = chain(make_city(), clicks)
    assert whole.ids == ("a:0:f", "a:1:f", "f:0:f")
    assert chain(make_city(), clicks[:2]).ids + chain(make_city(), clicks[1:]).ids[1:] == whole.ids


def test_clicks_on_one_street_are_that_street() -> None:
    assert chain(make_city(), [at(10, 0), at(90, 0)]).ids in {("a:0:f",), ("a:0:b",)}
    assert chain(make_city(), ["a:0:f", "a:0:b"]).ids == ("a:0:b",)


@pytest.mark.parametrize(
    "points",
    [
        [at(50, 0), at(50, 5000)], ["a:0:f", "nowhere"], ["a:0:f"], [], ["a:0:f", [7]],
        ["a:0:f", [float("nan"), 50]], ["a:0:f", [500, 50]], ["a:0:f", None], ["a:0:f"] * 500,
        ["a:0:f", {"lon": 7}],
    ],
)  # fmt: skip
def test_clicks_that_mean_no_street_are_refused_in_words(points: list[object]) -> None:
    with pytest.raises(ChainError) as caught:
        chain(make_city(), points)
    assert str(caught.value)


def test_no_chain_is_shorter_elsewhere() -> None:
    """Networkx finds the same length on the real network of the small town, for every mode."""
    city = small_town()
    rng = np.random.default_rng(7)
    ids = city.streets.index[city.streets["allow_car"].to_numpy(bool)]
    graph = _graph(city, ids)
    for start, end in rng.choice(ids, (25, 2)):
        expected = _length(graph, city, start, end)
        if np.isinf(expected):
            with pytest.raises(ChainError):
                chain(city, [start, end], "car")
            continue
        found = chain(city, [start, end], "car")
        assert found.length_m == pytest.approx(expected, abs=0.5)
        assert set(found.ids) <= set(ids)


def _graph(city: City, ids: object) -> nx.Graph:
    graph = nx.Graph()
    for row in city.streets.loc[ids].itertuples():
        known = graph.get_edge_data(row.from_node, row.to_node, {"length": np.inf})["length"]
        graph.add_edge(row.from_node, row.to_node, length=min(row.length_m, known))
    return graph


def _length(graph: nx.Graph, city: City, start: str, end: str) -> float:
    a, b = city.streets.loc[start], city.streets.loc[end]
    if {a["from_node"], a["to_node"]} == {b["from_node"], b["to_node"]}:
        return float(b["length_m"])
    best = min(
        (nx.dijkstra_path_length(graph, s, t, "length")
         for s in (a["from_node"], a["to_node"]) for t in (b["from_node"], b["to_node"])
         if nx.has_path(graph, s, t)), default=np.inf,
    )  # fmt: skip
    return float(best + a["length_m"] + b["length_m"])
