"""Examples of configuration, on the real files where they lie and on drawn ones of their form."""

from __future__ import annotations

import csv
import gzip
import io
import json
import threading
from itertools import pairwise
from pathlib import Path

import pytest
import shapely

from layers.sensors.common import described
from layers.sensors.config import read_config
from layers.sensors.sources import make_source
from layers.sensors.values import milliseconds
from tests.conftest import shared
from tests.layers.sensors.tables import Kept

EXAMPLES = Path(__file__).with_name("table_examples.toml")

LOAD = """"datetime_utc","identifier","auslastung","valid"
"2013-10-01 00:00:01","ST001",0,1
"2013-10-01 00:00:01","ST003",16,1
"2013-10-01 00:05:01","ST001",2,1
"2013-10-01 00:05:01","ST003",1,0
"2013-10-27 01:00:01","ST001",1,1
"""

LEVELS = """Name,Datum,Minimum,Maximum,Mittelwert
Menden_1,2013-01-01,133.3,141.7,136.59
Menden_1,2013-07-01,,,
Geisbach,2013-12-27,23.700,999.999,999.999
"""

HEAT = """\
Datum;Uhrzeit;Leistung [kW];Zähler [MWh];Vorlauf [°C]
27.10.2024;02:45;1.234,5;10,5;71
27.10.2024;02:00;1.200,0;10,8;70
27.10.2024;03:00;1.100,0;11,1;
27.10.2024;24:00;900;11,4;defekt
"""


def feature(properties, kind, coordinates):
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def drawn(folder):
    """Write small files of the form of the real ones."""
    (folder / "koeln_traffic_load_2013-10.csv.gz").write_bytes(gzip.compress(LOAD.encode()))
    (folder / "gauge_values_daily.csv.gz").write_bytes(gzip.compress(LEVELS.encode()))
    (folder / "heat.csv").write_text(HEAT, "utf-8")
    segment = feature(
        {"IDENTIFIER": "ST001", "NAME": "Ost-West-Achse"},
        "MultiLineString",
        [[[6.95, 50.93], [6.96, 50.93]]],
    )
    gauge = feature({"Name": "Menden_1", "Informationsstufe 1": "220.0"}, "Point", [7.159, 50.798])
    for name, found in (
        ("koeln_street_segments", segment),
        ("lanuv-gauge_gauge_stations", gauge),
    ):
        collection = {"type": "FeatureCollection", "features": [found]}
        (folder / f"{name}.geojson").write_text(json.dumps(collection))


def run(folder, name):
    """Read an example to its end as the worker does; what was kept, with what it describes."""
    path = folder / "sensors.toml"
    path.write_text(EXAMPLES.read_text("utf-8"), "utf-8")
    config = next(source for source in read_config(path).sources if source.name == name)
    config = config.model_copy(update={"once": True})
    kept = Kept()
    make_source(config).run(kept, threading.Event())
    kept.streams = {key: described(stream, config) for key, stream in kept.streams.items()}
    return kept


def at(text):
    return milliseconds(text)


def test_load_of_streets_from_drawn_files(tmp_path):
    drawn(tmp_path)
    kept = run(tmp_path, "koeln")
    key = "koeln/ST001/traffic_load"
    assert kept.values == {
        (key, at("2013-10-01T00:00:01Z")): 0, (key, at("2013-10-01T00:05:01Z")): 2,
        (key, at("2013-10-27T01:00:01Z")): 1,
    }  # fmt: skip
    stream = kept.streams[key]
    assert (stream.name, stream.interval_s, stream.high, stream.alert_above) == (
        "Ost-West-Achse", 300, 2, 1.5,
    )  # fmt: skip
    assert shapely.from_wkt(stream.line).length == pytest.approx(0.01)
    assert stream.licence == "CC BY 3.0"


def test_levels_of_rivers_from_drawn_files(tmp_path):
    drawn(tmp_path)
    kept = run(tmp_path, "gauges")
    day = at("2012-12-31T23:00:00Z")  # the first of January begins in Troisdorf
    assert kept.values == {
        ("gauges/Menden_1/water_level/lowest", day): 133.3,
        ("gauges/Menden_1/water_level/highest", day): 141.7,
        ("gauges/Menden_1/water_level", day): 136.59,
        ("gauges/Geisbach/water_level/lowest", at("2013-12-26T23:00:00Z")): 23.7,
    }
    stream = kept.streams["gauges/Menden_1/water_level/highest"]
    assert (stream.name, stream.alert_above) == ("Menden_1, highest", 220)
    assert kept.refused == []


def test_a_german_logger_over_the_change_of_the_clocks(tmp_path):
    drawn(tmp_path)
    kept = run(tmp_path, "heat")
    power = {at_: v for (key, at_), v in kept.values.items() if key == "heat/heat_power"}
    assert power == {  # stamps end their quarter of an hour; 02:00 comes twice
        at("2024-10-27T00:30:00Z"): 1234.5, at("2024-10-27T00:45:00Z"): 1200,
        at("2024-10-27T01:45:00Z"): 1100, at("2024-10-27T22:45:00Z"): 900,
    }  # fmt: skip
    meter = [v for (key, _), v in kept.values.items() if key == "heat/heat_meter"]
    assert meter == [10_500, 10_800, 11_100, 11_400]
    assert [refusal.detail for refusal in kept.refused] == ["row 5, Vorlauf [°C]: 'defekt'"]
    assert kept.streams["heat/heat_power"].name == "Heizzentrale Schulzentrum"


def linked(folder, *names):
    """Lay real files beside the configuration."""
    for name in names:
        (folder / name).symlink_to(shared(f"data/sensors/{name}"))


def first_lines(name, count):
    with gzip.open(shared(f"data/sensors/{name}"), "rt", encoding="utf-8") as stream:
        return [line for line, _ in zip(stream, range(count), strict=False)]


def test_real_load_of_the_streets_of_cologne(tmp_path):
    linked(tmp_path, "koeln_street_segments.geojson")
    name = "koeln_traffic_load_2013-10.csv.gz"
    lines = first_lines(name, 40_001)
    (tmp_path / name).write_bytes(gzip.compress("".join(lines).encode(), 1))
    kept = run(tmp_path, "koeln")
    rows = list(csv.DictReader(io.StringIO("".join(lines))))
    expected = {
        (f"koeln/{row['identifier']}/traffic_load", at(row["datetime_utc"])): float(
            row["auslastung"]
        )
        for row in rows
        if row["auslastung"] != "16" and row["valid"] == "1"
    }
    assert kept.values == expected
    assert set(kept.values.values()) <= {0, 1, 2}
    assert all(stream.line and stream.lon for stream in kept.streams.values())
    assert kept.refused == []


def test_real_levels_of_rivers(tmp_path):
    linked(tmp_path, "lanuv-gauge_gauge_stations.geojson")
    name = "gauge_values_daily.csv.gz"
    lines = first_lines(name, 10**9)
    lines = lines[:4_000] + [line for line in lines if line.startswith("Menden_1")]
    (tmp_path / name).write_bytes(gzip.compress("".join(lines).encode(), 1))
    kept = run(tmp_path, "gauges")
    key = "gauges/Menden_1/water_level/highest"
    assert kept.values[key, at("2012-12-31T23:00:00Z")] == 141.7
    days = sorted(moment for stream, moment in kept.values if stream == key)
    steps = {b - a for a, b in pairwise(days)}
    assert {82_800_000, 86_400_000, 90_000_000} <= steps  # days of 23, 24 and 25 hours
    stream = kept.streams[key]
    assert (round(stream.lon, 3), round(stream.lat, 3), stream.alert_above) == (7.159, 50.798, 220)
    assert all(stream.lon for stream in kept.streams.values())
    assert all(abs(value) < 999 for value in kept.values.values())
