"""
Measures on streets of a town of 32,000 links.

Required: an edit of 14 streets, and a selection, cost a few milliseconds. The peer in the same run
is a networkx graph that is copied for each scenario, as users of OSMnx edit networks.
"""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from layers.city_store import open_city
from tests.benchmarks.measure import ROOT
from twin.assumptions import assumptions
from twin.scenario import load_scenario
from twin.selection.drawn import CENTRE, Around
from twin.selection.streets import StreetSelector, selected_streets
from twin.state import State


@pytest.fixture(scope="module")
def town():
    folder = ROOT / "cities" / "neubrandenburg"
    if not folder.exists():
        pytest.skip(f"needs the town in {folder}: twin build")
    city = open_city(folder)
    for name in city.tables:
        city.tables[name]  # loads it
    return State(2025, city, pd.DataFrame(), assumptions(), baseline=city)


def line_through(town, metres):
    """Return a drawn line through the centre, in degrees."""
    from pyproj import Transformer  # noqa: PLC0415

    x, y = Around(place=CENTRE, radius_m=1).xy(town)
    back = Transformer.from_crs(town.city.crs, "EPSG:4326", always_xy=True)
    ends = [(x - metres / 2, y - metres / 3), (x + metres / 2, y + metres / 3)]
    return {"coordinates": [list(back.transform(*end)) for end in ends]}


def measure_of(**fields):
    return load_scenario({"format": 2, "measures": [{"id": "m", **fields}]}).measures[0]


def some_streets(town, count):
    streets = town.city.streets
    cars = streets.index[streets["allow_car"] & streets["reverse_id"].notna()]
    return list(cars[np.linspace(0, len(cars) - 1, count).astype(int)])


KINDS = {
    "speed_limit": {"speed_kmh": 23.0}, "street_closure": {}, "lanes": {"lanes": 3},
    "cycle_facility": {"facility": "protected_lane"}, "cycle_street": {"cars": "residents"},
    "one_way": {}, "modal_filter": {},
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_an_edit_of_fourteen_streets(benchmark, town, kind):
    ids = some_streets(town, 14)
    measure = measure_of(kind=kind, **KINDS[kind], select={"ids": ids})

    def edit():
        return measure.advance(town, measure.begin(town), since=2025, year=2030)

    after = benchmark.pedantic(edit, rounds=15, warmup_rounds=2)
    assert after.city.hashes["streets"] != town.city.hashes["streets"]
    tracemalloc.start()
    edit()
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    print(f"\n{kind}: {1e3 * benchmark.stats.stats.median:.1f} ms, peak {peak:.1f} MB")


@pytest.mark.parametrize("metres", [300, 1000, 3000])
def test_a_drawn_link(benchmark, town, metres):
    measure = measure_of(kind="new_link", line=line_through(town, metres))

    def edit():
        return measure.advance(town, measure.begin(town), since=2025, year=2030)

    after = benchmark.pedantic(edit, rounds=7, warmup_rounds=1)
    count = len(after.city.streets) - len(town.city.streets)
    median = 1e3 * benchmark.stats.stats.median
    print(f"\n{metres} m, {count} links more: {median:.1f} ms")


@pytest.mark.parametrize(
    "fields",
    [
        {"classes": ["residential"]}, {"names": ["Turmstraße"]},
        {"around": {"place": "centre", "radius_m": 1000}}, {"line": None},
        {"classes": ["residential"], "share": {"percent": 10, "order": "random"}},
        {"where": [{"column": "speed_kmh", "op": ">", "value": 30}]},
    ],
    ids=["classes", "names", "around", "line", "share", "where"],
)  # fmt: skip
def test_a_selection(benchmark, town, fields):
    given = {**fields, **({"line": line_through(town, 3000)} if "line" in fields else {})}
    selector = StreetSelector.model_validate(given)
    rows = benchmark.pedantic(selected_streets, args=(town, selector), rounds=15, warmup_rounds=2)
    print(f"\n{len(rows)} streets: {1e3 * benchmark.stats.stats.median:.1f} ms")


@pytest.mark.parametrize("share", [0.25, 0.5, 1.0])
def test_growth_with_streets(benchmark, town, share):
    """A speed limit on all streets of a part of the town."""
    streets = town.city.streets
    part = streets.iloc[: int(len(streets) * share)]
    state = town.replace(city=town.city.replace(streets=part))
    measure = measure_of(kind="speed_limit", speed_kmh=23)
    benchmark.pedantic(measure.apply, args=(state, 2030), rounds=9, warmup_rounds=1)
    print(f"\n{len(part):,} streets: {1e3 * benchmark.stats.stats.median:.1f} ms")


def test_the_peer_a_copied_graph(benchmark, town):
    """What tools pay that copy their graph for every scenario, before they edit anything."""
    networkx = pytest.importorskip("networkx")
    streets = town.city.streets
    graph = networkx.MultiDiGraph()
    columns = ["from_node", "to_node", "speed_kmh", "lanes", "length_m"]
    for key, start, end, speed, lanes, length in streets[columns].itertuples():
        graph.add_edge(start, end, key, speed_kmh=speed, lanes=lanes, length_m=length)
    ids = some_streets(town, 14)

    def edit():
        copy = graph.copy()
        for key in ids:
            row = streets.loc[key]
            copy.edges[row["from_node"], row["to_node"], key]["speed_kmh"] = 23.0
        return copy

    benchmark.pedantic(edit, rounds=5, warmup_rounds=1)
    print(f"\nnetworkx, graph copied and 14 edges set: {1e3 * benchmark.stats.stats.median:.0f} ms")
