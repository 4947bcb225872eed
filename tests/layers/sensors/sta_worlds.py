"""What SensorThings servers of tests have: the given real answers, and made ones of their shape."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.layers.sensors.sta_server import World

SAMPLES = Path("/work/shared/data/sensors")
OM = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_"
BEGIN = datetime(2024, 11, 1, tzinfo=UTC)


def sample(name):
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(f"needs the real sample {path}; the same path is tested on made data")
    return json.loads(path.read_text("utf-8"))


def stamp(moment):
    return moment.isoformat().replace("+00:00", "Z")


def made_network(stations=3):
    """Give a network of climate stations in the shape of the one of Bern."""
    found = {"Things": [], "Locations": [], "Datastreams": [], "Observations": []}
    for number in range(stations):
        ident, name = str(12000 + number), f"Platz {number} / Süd"
        where = {"type": "Point", "coordinates": [7.15 + number / 1000, 50.81]}
        found["Things"].append({"@iot.id": ident, "name": name, "properties": {}})
        found["Locations"].append({"@iot.id": ident, "name": name, "location": where,
                                   "encodingType": "application/vnd.geo+json"})  # fmt: skip
        for word, symbol in (("Temperature", "°C"), ("Humidity", "%")):
            key = f"{ident}-{word.lower()}"
            unit = {
                "symbol": symbol,
                "name": "",
                "definition": "http://unitsofmeasure.org/#para-30",
            }
            found["Datastreams"].append(
                {"@iot.id": key, "name": f"{word} of {name}", "unitOfMeasurement": unit,
                 "observationType": f"{OM}Measurement", "Thing": {"@iot.id": ident},
                 "ObservedProperty": {"name": word, "definition": f"http://sensorthings.org/{word}"}}
            )  # fmt: skip
    return found


def made_series(streams, count=30, minutes=20, begin=BEGIN, first=0):
    """Give observations in the shape of the series of Bern, streams by turns."""
    return {
        "Observations": [
            {"Datastream": {"@iot.id": stream}, "result": number * 0.5 + place,
             "phenomenonTime": (begin + timedelta(minutes=minutes * number)).isoformat(),
             "resultTime": (begin + timedelta(minutes=minutes * number)).isoformat()}
            for number in range(first, first + count)
            for place, stream in enumerate(streams)
        ]
    }  # fmt: skip


def bern(network, series, **more):
    """Give a server that has entities of a network as they are; what belongs is asked for."""
    world = World(entities={**network, "Sensors": [], "ObservedProperties": []}, **more)
    world.links = {("Things", one["@iot.id"], "Locations"): [one] for one in network["Locations"]}
    for one in series["Observations"]:
        at = ("Datastreams", one["Datastream"]["@iot.id"])
        world.observations.setdefault(at, []).append(one)
    return world


def hamburg(thing, counts):
    """Give a server with one Thing as it is; its Datastreams stand in it."""
    streams = thing["Datastreams"]
    world = World(entities={"Things": [thing], "Datastreams": streams})
    for stream in streams:
        world.observations["Datastreams", str(stream["@iot.id"])] = counts
        links = ("Datastreams", str(stream["@iot.id"]))
        world.links[*links, "Thing"] = {k: v for k, v in thing.items() if k != "Datastreams"}
        world.links[*links, "ObservedProperty"] = {"name": "Anzahl Fahrräder", "definition": ""}
    world.links["Things", str(thing["@iot.id"]), "Locations"] = []
    return world


def made_thing():
    """Give a Thing in the shape of the counter of Hamburg."""
    stream = {
        "@iot.id": 16183, "name": "Fahrradaufkommen an Zählfeld A im 5-Min-Intervall",
        "observationType": f"{OM}CountObservation", "phenomenonTime": "2024-11-01T00:00:00Z/..",
        "unitOfMeasurement": {"name": "Anzahl", "symbol": None, "definition": None},
        "observedArea": {"type": "Point", "coordinates": [7.15, 50.81]},
    }  # fmt: skip
    return {"@iot.id": 7648, "name": "Zählfeld A", "Datastreams": [stream]}


def made_counts(count=40, begin=BEGIN, late=timedelta(minutes=1)):
    """Give counts of five minutes; results are told `late` after their end."""
    ends = [begin + timedelta(minutes=5 * (n + 1)) for n in range(count)]
    return [
        {"phenomenonTime": f"{stamp(end - timedelta(minutes=5))}/{stamp(end)}",
         "resultTime": stamp(end + late), "result": n % 7}
        for n, end in enumerate(ends)
    ]  # fmt: skip


def hydro(network, series):
    """Give a network and a series in the words of hydroserver."""
    places = {one["@iot.id"]: one["location"] for one in network["Locations"]}
    things = [
        {"id": t["@iot.id"], "name": t["name"], "description": "-", "properties": t["properties"],
         "location_ids": [t["@iot.id"]]} for t in network["Things"]
    ]  # fmt: skip
    locations = [
        {"id": t["id"], "thing_ids": [t["id"]], "name": "-", "description": "-",
         "encoding_type": "application/geo+json",
         "location": {"type": "Feature", "properties": {}, "geometry": places[t["id"]]}}
        for t in things
    ]  # fmt: skip
    observed = {
        s["ObservedProperty"]["name"]: s["ObservedProperty"] for s in network["Datastreams"]
    }
    return {
        "things": things,
        "locations": locations,
        "sensors": [{"id": "s", "name": "S", "description": "-", "encoding_type": "text/html",
                     "metadata": "-"}],
        "observed_properties": [{"id": n, **p, "description": "-"} for n, p in observed.items()],
        "datastreams": [
            {"id": s["@iot.id"], "name": s["name"], "description": "-", "sensor_id": "s",
             "unit_of_measurement": s["unitOfMeasurement"], "thing_id": s["Thing"]["@iot.id"],
             "observation_type": s["observationType"],
             "observed_property_id": s["ObservedProperty"]["name"]} for s in network["Datastreams"]
        ],
        "observations": hydro_rows(series),
    }  # fmt: skip


def hydro_rows(series):
    return [
        {"id": f"{o['Datastream']['@iot.id']} {o['phenomenonTime']}", "result": o["result"],
         "datastream_id": o["Datastream"]["@iot.id"], "feature_of_interest_id": None,
         "phenomenon_time": o["phenomenonTime"], "result_time": o["resultTime"]}
        for o in series["Observations"]
    ]  # fmt: skip
