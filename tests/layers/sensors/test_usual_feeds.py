"""Feeds of services that towns use, in their published forms, read by configuration alone."""

from __future__ import annotations

import json

import pytest

from layers.sensors.values import milliseconds
from tests.layers.sensors.tables import NOW_MS, Kept, config, look

GBFS = {
    "last_updated": 1_780_000_000,
    "ttl": 60,
    "version": "2.3",
    "data": {
        "stations": [
            {"station_id": "7", "num_bikes_available": 3, "is_renting": True,
             "last_reported": 1_779_999_900},
            {"station_id": "8", "num_bikes_available": 0, "is_renting": False,
             "last_reported": 1_779_999_900},
        ]
    },
}  # fmt: skip

STATION_INFORMATION = {
    "data": {
        "stations": [
            {"station_id": "7", "name": "Bahnhof", "lat": 50.814, "lon": 7.155, "capacity": 12}
        ]
    }
}

PARK_API = {
    "last_updated": "2026-05-28T20:26:40",
    "lots": [
        {"id": "p1", "name": "Rathaus", "coords": {"lat": 50.81, "lng": 7.15}, "free": 17,
         "total": 90, "state": "open"},
        {"id": "p2", "name": "Forum", "coords": None, "free": 0, "total": 40, "state": "nodata"},
    ],
}  # fmt: skip

NGSI = [
    {
        "id": "urn:ngsi-ld:TrafficFlowObserved:spich-1",
        "type": "TrafficFlowObserved",
        "intensity": {"type": "Number", "value": 197, "metadata": {}},
        "averageVehicleSpeed": {"type": "Number", "value": 52.6, "metadata": {}},
        "dateObservedFrom": {"type": "DateTime", "value": "2026-05-28T20:15:00.00Z"},
        "location": {
            "type": "geo:json",
            "value": {"type": "LineString", "coordinates": [[7.1, 50.8], [7.2, 50.8]]},
        },
    }
]

PEGELONLINE = [
    {"timestamp": "2026-05-28T22:15:00+02:00", "value": 181.0},
    {"timestamp": "2026-05-28T22:30:00+02:00", "value": 182.0},
]

DWD = """\
STATIONS_ID;MESS_DATUM;  QN;PP_10;TT_10;TM5_10;RF_10;TD_10;eor
       2667;202605282010;    2;  1009.3;  12.6;  11.9;  84.1;  10.0;eor
       2667;202605282020;    2;   -999;  12.4;  11.6;  -999;  10.1;eor
"""

LOGGER = """\
"Zählstelle";"Zeitpunkt";"Richtung";"Messgröße";"Wert"
"Siegbrücke";"28.05.2026 22:00";"stadteinwärts";"Rad";"1.204"
"Siegbrücke";"28.05.2026 22:00";"stadteinwärts";"Fuß";"31"
"Siegbrücke";"28.05.2026 22:00";"stadtauswärts";"Rad";"8"
"""

UTC_20 = "2026-05-28T20:00:00Z"

FEEDS = {
    "gbfs": (
        "status.json", json.dumps(GBFS),
        {
            "rows": "data.stations[*]", "stream": "station_id", "time": {"path": "last_reported"},
            "places": {"file": "places.json", "rows": "data.stations", "key": "station_id",
                       "name": "name"},
            "values": [{"path": "num_bikes_available", "property": "bikes_available",
                        "when": {"is_renting": True}}],
        },
        {("7/bikes_available", "2026-05-28T20:25:00Z"): 3},
    ),
    "parkapi": (
        "lots.json", json.dumps(PARK_API),
        {
            "rows": "lots[*]", "stream": "id", "name": "name",
            "time": {"path": "$root.last_updated", "zone": "UTC"},
            "location": {"lon": "coords.lng", "lat": "coords.lat"},
            "values": [
                {"path": "free", "property": "free_spaces", "when": {"state": "open"}},
            ],
        },
        {("p1/free_spaces", "2026-05-28T20:26:40Z"): 17},
    ),
    "fiware": (
        "entities.json", json.dumps(NGSI),
        {
            "stream": "id", "time": {"path": "dateObservedFrom.value"},
            "location": {"geometry": "location.value"}, "interval_s": 900,
            "values": [
                {"path": "intensity.value", "property": "vehicles"},
                {"path": "averageVehicleSpeed.value", "property": "speed", "unit": "km/h"},
            ],
        },
        {
            ("urn:ngsi-ld:TrafficFlowObserved:spich-1/vehicles", "2026-05-28T20:15:00Z"): 197,
            ("urn:ngsi-ld:TrafficFlowObserved:spich-1/speed", "2026-05-28T20:15:00Z"): 52.6,
        },
    ),
    "pegelonline": (
        "measurements.json", json.dumps(PEGELONLINE),
        {
            "time": {"path": "timestamp"},
            "values": [{"path": "value", "property": "water_level", "unit": "cm"}],
        },
        {
            ("water_level", "2026-05-28T20:15:00Z"): 181,
            ("water_level", "2026-05-28T20:30:00Z"): 182,
        },
    ),
    "dwd": (
        "produkt_zehn_now_tu.txt", DWD,
        {
            "stream": "STATIONS_ID", "time": {"path": "MESS_DATUM", "zone": "UTC"},
            "none": ["-999"],
            "values": [
                {"path": "TT_10", "property": "air_temperature", "unit": "Cel"},
                {"path": "RF_10", "property": "relative_humidity", "unit": "%"},
            ],
        },
        {
            ("2667/air_temperature", "2026-05-28T20:10:00Z"): 12.6,
            ("2667/air_temperature", "2026-05-28T20:20:00Z"): 12.4,
            ("2667/relative_humidity", "2026-05-28T20:10:00Z"): 84.1,
        },
    ),
    "counter": (
        "zaehlung.csv", LOGGER,
        {
            "stream": ["Zählstelle", "Richtung"], "direction": "Richtung", "decimal": ",",
            "time": {"path": "Zeitpunkt", "zone": "Europe/Berlin"},
            "values": [
                {"path": "Wert", "property": "bicycles", "when": {"Messgröße": "Rad"}},
                {"path": "Wert", "property": "pedestrians", "when": {"Messgröße": "Fuß"}},
            ],
        },
        {
            ("Siegbrücke/stadteinwärts/bicycles", UTC_20): 1204,
            ("Siegbrücke/stadteinwärts/pedestrians", UTC_20): 31,
            ("Siegbrücke/stadtauswärts/bicycles", UTC_20): 8,
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FEEDS)
def test_a_usual_feed_needs_nothing_but_configuration(tmp_path, name):
    file, text, mapping, expected = FEEDS[name]
    (tmp_path / file).write_text(text, "utf-8")
    (tmp_path / "places.json").write_text(json.dumps(STATION_INFORMATION))
    if "places" in mapping:
        places = {**mapping["places"], "file": str(tmp_path / "places.json")}
        mapping = {**mapping, "places": places}
    kept = Kept()
    assert look(config(file=str(tmp_path / file), mapping=mapping), kept) == ""
    assert kept.values == {
        (f"table/{key}", milliseconds(moment, now=NOW_MS)): value
        for (key, moment), value in expected.items()
    }
    assert kept.refused == []
    if name in {"gbfs", "parkapi", "fiware"}:
        assert all(stream.lon for stream in kept.streams.values())
    if name == "counter":
        assert all(stream.people for stream in kept.streams.values())
