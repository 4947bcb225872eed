"""A timetable of a region: seconds and memory for 0.2, 1 and 5 million stop times."""

import zipfile

import numpy as np
import pandas as pd
import pytest

from tests.benchmarks.measure import run

HALTS = 25  # of a trip
STOPS = 6000
LINES = 400

READ = """
import sys
from pathlib import Path
from layers.source_data import Area
from layers.transit import read_transit
from shapely.geometry import box
area = Area(box(7.1, 50.75, 7.2, 50.85), "EPSG:4326") if sys.argv[2] == "area" else None
data = read_transit(Path(sys.argv[1]), area=area)
print(len(data.tables["stop_times"]))
"""


def write_region(path, trips):
    """Write trips of `HALTS` stops along lines over the country, two thirds on weekdays."""
    rng = np.random.default_rng(1)
    start = rng.uniform(-0.6, 0.6, (LINES, 2))
    way = np.cumsum(rng.normal(0, 0.008, (LINES, HALTS, 2)), axis=1) + start[:, None]
    place = rng.integers(0, STOPS, (LINES, HALTS))
    where = np.zeros((STOPS, 2))
    where[place.ravel()] = way.reshape(-1, 2)
    line = rng.integers(0, LINES, trips)
    begin = rng.integers(4 * 3600, 25 * 3600, trips)
    time = (begin[:, None] + np.arange(HALTS) * 90).ravel()
    clock = (
        pd.Series(np.arange(30 * 3600)).map(
            lambda s: f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}"
        ).to_numpy()
    )  # fmt: skip
    names = np.array([f"trip-{i:07d}" for i in range(trips)])
    tables = {
        "agency": pd.DataFrame({"agency_name": ["A"], "agency_timezone": ["Europe/Berlin"]}),
        "stops": pd.DataFrame(
            {
                "stop_id": [f"de:05382:{i}" for i in range(STOPS)],
                "stop_name": [f"Halt {i}" for i in range(STOPS)],
                "stop_lat": (50.8 + where[:, 0]).round(6),
                "stop_lon": (7.15 + where[:, 1]).round(6),
            }
        ),
        "routes": pd.DataFrame({"route_id": range(LINES), "route_type": 3}),
        "trips": pd.DataFrame(
            {
                "route_id": line,
                "service_id": rng.choice(["mf", "mf", "mf", "mf", "sa", "so"], trips),
                "trip_id": names,
            }
        ),
        "calendar": pd.DataFrame(
            [("mf", *"1111100"), ("sa", *"0000010"), ("so", *"0000001")],
            columns=["service_id", "monday", "tuesday", "wednesday", "thursday", "friday",
                     "saturday", "sunday"],
        ).assign(start_date=20260105, end_date=20261213),
        "stop_times": pd.DataFrame(
            {
                "trip_id": np.repeat(names, HALTS),
                "arrival_time": clock[time],
                "departure_time": clock[time],
                "stop_id": np.char.add("de:05382:", place[line].ravel().astype(str)),
                "stop_sequence": np.tile(np.arange(HALTS), trips),
            }
        ),
    }  # fmt: skip
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, table in tables.items():
            with archive.open(f"{name}.txt", "w", force_zip64=True) as file:
                table.to_csv(file, index=False)
    return path


@pytest.mark.parametrize("area", ["whole", "area"])
@pytest.mark.parametrize("million", [0.2, 1, 5])
def test_read_a_region(benchmark, tmp_path, million, area):
    feed = write_region(tmp_path / "region.zip", int(million * 1e6 / HALTS))
    script = tmp_path / "read.py"
    script.write_text(READ)
    runs = []
    benchmark.pedantic(lambda: runs.append(run(str(script), str(feed), area)), rounds=1)
    kept = int(runs[0].output)
    benchmark.extra_info.update(peak_mb=round(runs[0].peak_mb), stop_times_kept=kept)
    print(
        f"\n{benchmark.name}: {runs[0].seconds:.1f} s, {runs[0].peak_mb:.0f} MB peak, "
        f"{kept:,} of {million * 1e6:,.0f} stop times kept"
    )
