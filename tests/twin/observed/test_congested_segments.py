"""Observed congestion on segments against loads of the streets they mean, from file to figure."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import LineString

from tests.twin.observed.test_segments import CRS, EAST, KOELN, NORTH, koeln_lines, streets_of
from twin.observed.congestion import compare_congestion, congestion_profile, hourly_load
from twin.observed.segments import match_segments, of_segments

LOADS = KOELN.parent / "koeln_traffic_load_2013-10.csv.gz"
UNKNOWN = 16.0
SHARES = pd.DataFrame(
    {"car": np.array([1] * 6 + [4, 9, 8, 6, 5, 5, 6, 6, 6, 7, 8, 9, 8, 5, 3, 2, 2, 1])}
)
SHARES = SHARES / SHARES.sum()


def compared(reports, lines, busy):
    """Compare what was reported with loads of made streets; `busy` by segment, 0 to 1."""
    observed = pd.DataFrame({
        name: congestion_profile(table.set_index("at")["class"])
        for name, table in reports.groupby("segment")
    }).T  # fmt: skip
    streets = streets_of(lines.to_crs(CRS))
    car = 20_000.0 * streets["owner"].str.rstrip("~").map(busy).fillna(0.01)
    peak = car * SHARES["car"].max()
    traffic = pd.DataFrame({"car": car, "car_peak": peak, "load": peak / 1800.0})
    matches = match_segments(lines, streets)
    loads = of_segments(matches, hourly_load(traffic, SHARES))
    return observed, compare_congestion(observed, loads)


def test_a_made_city_of_segments():
    dice = np.random.default_rng(5)
    names = [f"s{n}" for n in range(20)]
    lines = gpd.GeoSeries(
        [LineString([(EAST, NORTH + 500 * n), (EAST + 900, NORTH + 500 * n)]) for n in range(20)],
        index=names, crs=CRS,
    )  # fmt: skip
    times = pd.date_range("2026-06-08", "2026-06-13", freq="5min", tz="Europe/Berlin")
    busy = dict(zip(names, np.linspace(0.1, 1.0, 20), strict=True))
    reports = []
    for name in names[:-2]:
        load = busy[name] * SHARES["car"].to_numpy()[times.hour] / SHARES["car"].max()
        state = np.digitize(load + dice.normal(0, 0.15, len(times)), [0.55, 0.85]).astype(float)
        state[dice.random(len(times)) < 0.3] = UNKNOWN
        reports.append(pd.DataFrame({"segment": name, "at": times, "class": state}))
    silent = pd.DataFrame({"segment": names[-2], "at": times, "class": UNKNOWN})
    observed, found = compared(pd.concat([*reports, silent]), lines, busy)
    assert observed.loc[names[-2]].isna().all()
    assert found.rank > 0.9
    assert found.shape > 0.5
    assert found.said.values["count"] == 18
    # where the model has it the other way round, it is told
    wrong = {name: 1.1 - value for name, value in busy.items()}
    assert compared(pd.concat(reports), lines, wrong)[1].rank < -0.9


@pytest.mark.skipif(not LOADS.exists(), reason="the loads of Köln are not beside the project")
def test_the_segments_of_koeln():
    table = pd.read_csv(LOADS, nrows=130_000)
    reports = pd.DataFrame({
        "segment": table["identifier"], "at": pd.to_datetime(table["datetime_utc"], utc=True),
        "class": table["auslastung"].astype(float),
    })  # fmt: skip
    lines = koeln_lines()
    lines = lines[~lines.index.duplicated()].iloc[::2]
    busy = {name: (n % 17 + 1) / 17 for n, name in enumerate(lines.index)}
    observed, found = compared(reports, lines, busy)
    there = found.segments[["observed", "modelled"]].notna().all(axis=1)
    assert there.sum() > 25
    mean = observed.mean()
    assert mean.idxmax() in {17, 18}  # the evening, by the clock of Köln
    assert mean[8] > 3 * mean[3]
    assert found.segments.loc[there, "busiest_modelled"].isin([7, 17]).all()
    assert abs(found.rank) < 0.5  # these loads are dealt out like cards


def test_codes_for_unknown_would_turn_the_order_round():
    times = pd.date_range("2026-06-08", periods=288, freq="5min", tz="UTC")
    half = np.where(np.arange(288) % 2, UNKNOWN, 0.0)
    assert congestion_profile(pd.Series(half, times)).max() == 0
    assert congestion_profile(pd.Series(half, times), most=UNKNOWN).max() == 8
