"""
Heat networks of a whole town: layout, automatic search, growth with the town, peer networkx.
"""

from __future__ import annotations

import time
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from layers.build import build_city
from layers.city_store import open_city
from layers.sample_city import make_sample
from tests.benchmarks.measure import run
from tests.twin.energy.heat_grid.test_steiner import arrays, street_net
from twin.assumptions import assumptions
from twin.energy.heat_grid import auto_networks, lay_network, make_ground
from twin.energy.heat_grid.steiner import steiner_tree
from twin.state import NetworkPlan

GIVEN = assumptions()
CITIES = Path(__file__).parents[2] / "cities"
PLAN = NetworkPlan("n1", "Bench", 2030, {"air_heat_pump": 0.7, "biomass": 0.3})
HEATED = ("residential", "mixed", "office", "retail", "education", "health", "public", "unknown")
SIZES = (5_000, 10_000, 20_000)


def heat_of(city):
    """Stock and yearly heat from the size of the buildings alone; what is measured is the grid."""
    houses = city.buildings[city.buildings["part_of"].isna()]
    heated = (houses["footprint_m2"] > 40) & houses["use"].isin(HEATED)
    area = (houses["footprint_m2"] * houses["height_m"] / 3.5).where(heated, 0.0)
    heat = pd.DataFrame({"space_kwh": area * 80, "hot_water_kwh": area * 15})
    return pd.DataFrame({"system": "gas_boiler"}, index=houses.index), heat


@pytest.fixture(scope="module", params=["model-town", "neubrandenburg"])
def town(request):
    folder = CITIES / request.param
    if not folder.exists():
        pytest.skip(f"needs the city in {folder}")
    city = open_city(folder)
    return city, *heat_of(city), make_ground(city, GIVEN)


def report(benchmark, **figures):
    benchmark.extra_info.update(figures)
    print(f"\n{benchmark.name}: {benchmark.stats['median']:.3f} s, {figures}")


def test_ground(benchmark, town):
    city, *_ = town
    found = benchmark.pedantic(make_ground, args=(city, GIVEN), rounds=5, warmup_rounds=1)
    report(benchmark, buildings=len(found.connections), sections=len(found.sections))


def customers(heat, count):
    table = pd.DataFrame({"annual_kwh": heat.sum(axis=1)})
    table = table[table["annual_kwh"] > 0].assign(peak_kw=lambda t: t["annual_kwh"] / 1800)
    return table if count is None else table.iloc[:count]


@pytest.mark.parametrize("count", [300, 3_000, None])
def test_one_network(benchmark, town, count):
    city, _, heat, ground = town
    table = customers(heat, count)
    kwargs = {"ground": ground}
    design = benchmark.pedantic(
        lay_network, (PLAN, city, table, GIVEN), kwargs, rounds=5, warmup_rounds=1
    )
    report(benchmark, customers=len(table), pipes=len(design.pipes),
           trench_km=round(design.summary["trench_m"] / 1000, 1))  # fmt: skip


@pytest.mark.parametrize("own", [None, 0.16])
def test_automatic(benchmark, town, own):
    """Wanted: a town in at most 10 s."""
    city, stock, heat, _ = town
    decentral = None if own is None else pd.Series(own, index=stock.index)
    plans = benchmark.pedantic(
        auto_networks, (city, stock, heat, GIVEN), {"decentral": decentral},
        rounds=3, warmup_rounds=1,
    )  # fmt: skip
    report(benchmark, buildings=len(stock), networks=len(plans))


@pytest.mark.parametrize("size", SIZES)
def test_growth(benchmark, size):
    """Twice the town, twice the time."""
    city = build_city(make_sample(buildings=size))
    stock, heat = heat_of(city)
    plans = benchmark.pedantic(
        auto_networks, (city, stock, heat, GIVEN), {"threshold_kwh_m": 500}, rounds=3
    )
    report(benchmark, buildings=size, networks=len(plans), streets=len(city.streets))


@pytest.mark.parametrize("n", [20, 40, 80])
def test_steiner_tree(benchmark, n):
    """Against networkx in the same run: time and length of the tree."""
    net, rng = street_net(n, n)
    terminals = rng.choice(len(net), len(net) // 4, replace=False)
    count, u, v, w = arrays(net)
    edges = benchmark.pedantic(steiner_tree, (count, u, v, w, terminals), rounds=5, warmup_rounds=1)
    started = time.perf_counter()
    peer = nx.algorithms.approximation.steiner_tree(net, terminals.tolist(), method="mehlhorn")
    seconds = time.perf_counter() - started
    report(benchmark, nodes=count, terminals=len(terminals), networkx_s=round(seconds, 2),
           shorter_percent=round(100 * (1 - w[edges].sum() / peer.size("weight")), 2))  # fmt: skip


MEMORY = """
import sys
from layers.city_store import open_city
from tests.benchmarks.test_bench_heat_grid import GIVEN, heat_of
from twin.energy.heat_grid import auto_networks
city = open_city(sys.argv[1])
city.buildings, city.streets
if len(sys.argv) > 2:
    print(len(auto_networks(city, *heat_of(city), GIVEN)))
"""


def test_memory(benchmark, tmp_path):
    """Peak of the search above that of the city alone; first start with compiled kernels."""
    script = tmp_path / "search.py"
    script.write_text(f"import sys; sys.path.insert(0, {str(CITIES.parent)!r})" + MEMORY)
    folder = str(CITIES / "model-town")
    alone = run(str(script), folder)
    done = benchmark.pedantic(run, args=(str(script), folder, "search"), rounds=1)
    report(benchmark, peak_mb=round(done.peak_mb), city_mb=round(alone.peak_mb),
           start_s=round(alone.seconds, 1))  # fmt: skip
    assert np.isfinite(done.peak_mb)
