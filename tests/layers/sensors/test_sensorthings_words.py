"""What names, definitions, units, places and configurations of SensorThings mean."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from layers.sensors.properties import PROPERTIES
from layers.sensors.sensorthings_config import SensorThingsConfig
from layers.sensors.sensorthings_mqtt import offered
from layers.sensors.sensorthings_places import place_of
from layers.sensors.sensorthings_read import rows_of
from layers.sensors.sensorthings_web import Server, entity_path
from layers.sensors.sensorthings_words import RULES, interval_told, measure_of, property_word


@pytest.mark.parametrize(
    ("name", "code", "word"),
    [
        ("Lufttemperatur", "Cel", "air_temperature"),
        ("Temperature", "Cel", "air_temperature"),
        ("http://sensorthings.org/AirTemperature", "K", "air_temperature"),
        ("air_temperature", None, "air_temperature"),
        ("Wassertemperatur", "Cel", "water_temperature"),
        ("Bodentemperatur 10 cm", "Cel", "soil_temperature"),
        ("Relative Luftfeuchtigkeit", "%", "relative_humidity"),
        ("Humidity", "%", "relative_humidity"),
        ("soil moisture", "%", "soil_moisture"),
        ("Luftdruck", "hPa", "air_pressure"),
        ("Windgeschwindigkeit", "m/s", "wind_speed"),
        ("wind_from_direction", "deg", ""),
        ("Windrichtung", "deg", "wind_direction"),
        ("Niederschlagsmenge", "mm", "precipitation"),
        ("PM2.5", "ug/m3", "pm2_5"),
        ("PM10", "ug/m3", "pm10"),
        ("NO₂", "ug/m3", "no2"),
        ("Stickstoffdioxid", "ug/m3", "no2"),
        ("CO2", "[ppm]", "co2"),
        ("Anzahl_Fahrraeder_Zaehlfeld_5-Min", "1", "bicycles"),
        ("Anzahl Kfz", "1", "vehicles"),
        ("Verkehrsstärke", None, "vehicles"),
        ("Anzahl Schwerverkehr", "1", "heavy_vehicles"),
        ("Fussgaengeraufkommen", "1", "pedestrians"),
        ("Verfügbare Leihfahrräder", "1", "bikes_available"),
        ("Freie Parkplätze", "1", "free_spaces"),
        ("Auslastung", "%", "occupancy"),
        ("Belegung", "%", "occupancy"),
        ("Wasserstand", "cm", "water_level"),
        ("Abfluss", "m3/s", "water_flow"),
        ("Ladestatus Ladepunkt 2", "1", "charging_used"),
        ("Durchschnittsgeschwindigkeit", "km/h", "speed"),
        ("Wirkleistung", "kW", "electric_power"),
        ("Temperature", "%", ""),  # no temperature is told in percent
        ("August", None, ""),
        ("Sonstiges", "1", ""),
    ],
)
def test_names_mean_words(name, code, word):
    assert property_word([name], code) == word


def test_most_words_of_the_twin_can_be_told():
    assert len({word for _, word in RULES} & set(PROPERTIES)) >= 35


@pytest.mark.parametrize(
    ("name", "symbol", "definition", "code"),
    [
        ("Degree Celsius", "°C", "http://unitsofmeasure.org/ucum.html#para-30", "Cel"),
        ("Anzahl", None, None, "1"),
        ("", "", "http://www.qudt.org/qudt/owl/1.0.0/unit/Instances.html#DegreeCelsius", "Cel"),
        ("Fahrenheit", "F", "", "[degF]"),
        ("Prozent", None, "", "%"),
        ("Fahrzeuge", "Fzg", "", "1"),
        ("Mikrogramm pro Kubikmeter", "µg/m³", "", "ug/m3"),
        ("", "kWh", "", "kW.h"),
        ("", "", "ucum:hPa", "hPa"),
        (None, None, None, None),
        ("Fahrräder", "", "", "1"),
    ],
)
def test_units_are_told_in_many_ways(name, symbol, definition, code):
    told = {"name": name, "symbol": symbol, "definition": definition}
    assert measure_of(told).code == code


@pytest.mark.parametrize("unit", [None, [], 7, "", {"symbol": 7}])
def test_what_is_no_unit_is_none(unit):
    assert measure_of(unit).code is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5-Min-Intervall", 300), ("im 15-Minuten-Takt", 900), ("1-Stunde", 3600),
     ("Tageswert", 86_400), ("weekly", 604_800), ("Zählfeld 5", None), (None, None)],
)  # fmt: skip
def test_intervals_stand_in_names(text, seconds):
    assert interval_told(text) == seconds


LINE = {"type": "LineString", "coordinates": [[7, 50], [7.1, 50], [7.2, 50]]}


@pytest.mark.parametrize(
    ("given", "lon", "lat"),
    [
        ([{"location": {"type": "Point", "coordinates": [7.1, 50.8, 66]}}], 7.1, 50.8),
        ([{"location": {"type": "Feature", "geometry": LINE}}], 7.1, 50.0),
        ({"type": "FeatureCollection", "features": [{"geometry": LINE}]}, 7.1, 50.0),
        ([{"location": '{"type": "Point", "coordinates": [7.1, 50.8]}'}], 7.1, 50.8),
        ([{"location": {"type": "Point", "coordinates": [370_000, 5_600_000]}}], None, None),
        ([{"location": {"type": "Point", "coordinates": ["x", None]}}], None, None),
        ([{"location": {"type": "Polygon", "coordinates": []}}], None, None),
        ([{"location": "Rathaus"}, {"location": {"type": "Point", "coordinates": [7, 50]}}], 7, 50),
        ({"type": "Polygon", "coordinates": [[[7, 50], [8, 50], [8, 51], [7, 51], [7, 50]]]},
         7.5, 50.5),
        (None, None, None), (7, None, None), ([[[[[[[[[]]]]]]]]], None, None),
    ],
)  # fmt: skip
def test_places_are_read_from_any_geometry(given, lon, lat):
    place = place_of(given)
    assert (place.lon, place.lat) == (lon, lat)
    assert bool(place.line) == ("LineString" in str(given))


def test_what_is_no_observation_is_no_fault():
    odd = [7, None, {}, {"dataArray": [7, [1]], "components": None}, {"dataArray": 5}]
    assert [row.result for row in rows_of(odd)] == [7, None, None, None, None]


def config(**more):
    return SensorThingsConfig(**{"name": "sta", "url": "https://example.org/sta/v1.1", **more})


@pytest.mark.parametrize(
    ("url", "first", "part"),
    [
        ("https://a.de/v1.1", "https://a.de/v1.1", "Datastreams"),
        ("https://a.de/FROST/", "https://a.de/FROST/v1.1", "Datastreams"),
        ("https://a.de/v1.0/Things(7)", "https://a.de/v1.0", "Things(7)/Datastreams"),
        ("https://a.de/v1.1/Things('a b')/Datastreams", "https://a.de/v1.1",
         "Things('a b')/Datastreams"),
        ("https://a.de/v1.1/Datastreams(3)?$top=1", "https://a.de/v1.1", "Datastreams(3)"),
        ("https://a.de/v1.1/Observations", "https://a.de/v1.1", "Datastreams"),
        ("https://a.de/Things", "https://a.de/v1.1", "Datastreams"),
    ],
)  # fmt: skip
def test_an_address_may_be_copied_from_anywhere(url, first, part):
    address = config(url=url).address
    assert (address.roots[0], address.part) == (first, part)


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "ftp://a.de"}, {"url": "a.de"}, {"url": "https://u:p@a.de"},
        {"url": "https://a.de:99999"}, {"every_s": 1}, {"bbox": [8, 50, 7, 51]},
        {"bbox": [7, 50]}, {"since": "gestern"}, {"zone": "Mars"}, {"user": "x"},
        {"password": "geheim"}, {"properties": {"a": "No Word"}}, {"mqtt": 3}, {"page": 0},
        {"properties": {"a": {"property": "no2", "unit": "furlong"}}},
        {"user": "a", "password": {"env": "A"}, "token": {"env": "B"}},
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(wrong):
    with pytest.raises(ValidationError):
        config(**wrong)


@pytest.mark.parametrize(
    ("about", "place"),
    [
        ({}, None), ({"serverSettings": 7}, None),
        ({"x/receive-updates-via-mqtt/receive-updates": {"endpoints": ["mqtt://a.de:1884"]}},
         ("a.de", 1884)),
        ({"x/receive-updates-via-mqtt": {"endpoints": [7, "mqtts://a.de"]}}, ("a.de", 8883)),
        ({"x/receive-updates-via-mqtt": {"endpoints": "mqtt://a.de"}}, None),
    ],
)  # fmt: skip
def test_where_a_server_tells_new_observations(about, place):
    server = Server(config())
    server.about = {"serverSettings": about.get("serverSettings", about)}
    assert offered(server) == place


def test_all_faults_are_told_at_once():
    with pytest.raises(ValidationError) as caught:
        config(url="ftp://a", every_s=1, bbox=[8, 50, 7, 51], since="gestern", zone="Mars", page=0)
    assert caught.value.error_count() == 6


def test_an_id_does_not_lead_out_of_its_path():
    assert entity_path("Datastreams", "a/../../x?y#z") == "Datastreams('a%2F..%2F..%2Fx%3Fy%23z')"
    odd = "https://example.org/v1.1/Datastreams(1)/../Things(2)?x=Datastreams(1"
    assert entity_path("Datastreams", 5, odd) == "Datastreams(5)"
