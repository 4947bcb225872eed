"""Traffic stress, islands, missing links and routes of cyclists of a town; growth with size."""

import json

import pytest

from tests.benchmarks.measure import run

TOWN = """
import json, sys, time
import numpy as np, pandas as pd
from layers.build import build_city
from layers.sample_city import make_sample
from twin.assumptions import assumptions
from twin.mobility.cycling import (
    barriers, cyclists, detours, low_stress_islands, missing_links, reachable, stress,
)
from twin.mobility.network import connectors, meet, mode_network
given, city = assumptions(), build_city([make_sample(buildings=int(sys.argv[1]))])
streets, nodes, points = city.streets, city.nodes, city.street_points
middle = city.buildings.geometry.representative_point()
xy, ids = np.column_stack([middle.x, middle.y]), city.buildings.index
rng = np.random.default_rng(1)
people = pd.DataFrame(rng.uniform(0, 9, (len(ids), 2)), ids, ["residents", "jobs"])
took = {"links": len(streets), "buildings": len(ids), "zones": len(city.zones)}

def median(name, work):
    runs = []
    for _ in range(3):
        start = time.perf_counter()
        out = work()
        runs.append(time.perf_counter() - start)
    took[name] = sorted(runs)[1]
    return out

lts = median("stress", lambda: stress(streets, None, given))["lts"]
net = mode_network(streets, nodes, city.turns, given, "bike", stress=lts)
access = meet(net, xy, ids, given)
shut = median("barriers", lambda: barriers(streets, nodes, lts, given, points))
islands = median(
    "islands", lambda: low_stress_islands(net, lts, access, people, given, shut=shut))
gain = median("reachable", lambda: reachable(
    islands, xy, people["residents"].to_numpy(), people["jobs"].to_numpy(), given))
found = median("missing_links", lambda: missing_links(net, islands, gain, given))
zone = np.full(len(ids), None, object)
place, row = city.zones.sindex.query(middle.to_numpy(), predicate="within")
zone[place] = city.zones.index[row]
feed = connectors(net, xy, zone, np.ones(len(ids)), city.zones, given)
z = len(city.zones)
trips = rng.uniform(0, 1, (z, z))
cyclists(net, feed, trips, given)
riders = median("cyclists", lambda: cyclists(net, feed, trips, given))
median("detours", lambda: detours(net, lts, feed, z, given))
took["error"] = riders.conservation_error
print(json.dumps(took))
"""


@pytest.mark.parametrize("count", [2_000, 8_000])
def test_cycling_in_a_town(benchmark, count):
    done = benchmark.pedantic(run, args=("-c", TOWN, str(count)), rounds=1)
    took = json.loads(done.output)
    sizes = ", ".join(f"{took.pop(name)} {name}" for name in ("buildings", "links", "zones"))
    assert took.pop("error") < 1e-6
    print(f"\n{sizes}, ms:", ", ".join(f"{name} {1000 * s:.0f}" for name, s in took.items()))
    print(f"peak {done.peak_mb:.0f} MB")
