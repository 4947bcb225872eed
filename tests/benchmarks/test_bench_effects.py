"""Emissions, charging and benefit of a large town, and a matrix adjusted to counts."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import random_array

from twin.assumptions import assumptions
from twin.mobility.counts import adjust
from twin.mobility.effects import charging_kwh, safety_exposure, street_emissions, users_benefit
from twin.mobility.tables import Demand, Skims

GIVEN = assumptions()
RNG = np.random.default_rng(1)


def shown(benchmark, what):
    print(f"\n{what}: {benchmark.stats['median'] * 1000:.0f} ms")


def streets(count):
    x, y = RNG.uniform(0, 10_000, (2, count))
    return gpd.GeoDataFrame(
        {"class": "residential", "speed_kmh": RNG.choice([20, 30, 50, 70, 100.0], count),
         "length_m": RNG.uniform(10, 300, count)}, index=[f"s{i}" for i in range(count)],
        geometry=gpd.points_from_xy(x, y),
    )  # fmt: skip


@pytest.mark.parametrize("count", [3_000, 30_000, 300_000])
def test_emissions_of_streets(benchmark, count):
    network = streets(count)
    flows = pd.DataFrame({"car": 1000.0, "truck": 50.0}, index=network.index)
    benchmark.pedantic(street_emissions, args=(network, flows, GIVEN, 2030), rounds=5)
    shown(benchmark, f"{count} streets")


def test_charging_of_buildings(benchmark):
    count = 20_000
    zones = [f"z{i}" for i in range(200)]
    buildings = pd.DataFrame(
        {"zone": RNG.choice(zones, count), "residents": 3.0, "jobs": 1.0},
        index=[f"b{i}" for i in range(count)],
    )
    by_zone = pd.DataFrame({"km_car": RNG.uniform(0, 1e4, 200)}, index=zones)
    benchmark.pedantic(charging_kwh, args=(by_zone, buildings, GIVEN, 2030), rounds=5)
    shown(benchmark, f"charging of {count} buildings")


def test_exposure_of_a_town(benchmark):
    network = streets(30_000)
    homes = gpd.GeoDataFrame(
        {"residents": 3.0}, index=range(20_000),
        geometry=gpd.points_from_xy(*RNG.uniform(0, 10_000, (2, 20_000))),
    )  # fmt: skip
    places = gpd.GeoDataFrame({"class": ["school"]}, geometry=gpd.points_from_xy([5000], [5000]))
    flows = pd.DataFrame({"car": 1000.0}, index=network.index)
    args = (network, flows, homes, places, GIVEN)
    benchmark.pedantic(safety_exposure, args=args, rounds=3)
    shown(benchmark, "20,000 homes beside 30,000 streets")


def test_benefit_of_865_zones(benchmark):
    size = 865
    ids = pd.Index([f"z{i}" for i in range(size)])
    minutes, trips = RNG.uniform(1, 40, (size, size)), RNG.gamma(0.2, 5, (size, size))
    modes = ("walk", "bike", "transit", "car", "passenger")
    demand = Demand(ids, dict.fromkeys(modes, trips), {}, {}, pd.DataFrame(index=ids), {})
    skims = Skims(ids, dict.fromkeys(modes, minutes), dict.fromkeys(modes, minutes))
    faster = Skims(ids, dict.fromkeys(modes, minutes * 0.9), skims.km)
    args = ((demand, skims), (demand, faster), GIVEN)
    benchmark.pedantic(users_benefit, args=args, rounds=3)
    shown(benchmark, f"{size} zones, {len(modes)} modes")


@pytest.mark.parametrize("zones", [50, 200, 865])
def test_adjustment_to_60_counts(benchmark, zones):
    prior = RNG.gamma(0.3, 20, (zones, zones))
    shares = random_array((60, zones * zones), density=0.02, rng=RNG, format="csr")
    counts = pd.DataFrame({"street": [f"s{i}" for i in range(60)],
                           "vehicles_day": shares @ (prior.ravel() * 1.3)})  # fmt: skip
    found = benchmark.pedantic(adjust, args=(prior, counts, shares, GIVEN), rounds=3)
    assert found.table["geh_after"].max() < 1
    shown(benchmark, f"{zones} zones, {found.summary['iterations']:.0f} steps")
