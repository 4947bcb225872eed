"""What names, definitions and units of SensorThings servers mean, in German and English."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from layers.sensors.properties import PROPERTIES
from layers.sensors.units import conversion, unit_code
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

RULES: tuple[tuple[str, str], ...] = (
    # what a general word below would take wrongly comes first
    (r"wasser.?temp|water.?temp|sea.?surface.?temp", "water_temperature"),
    (r"boden.?temp|soil.?temp|erdboden.?temp", "soil_temperature"),
    (r"taupunkt|dew.?point", "dew_point"),
    (r"gefühlte|feels.?like|apparent.?temp|heat.?index|wind.?chill", "felt_temperature"),
    (r"(vorlauf|rücklauf|supply|return|flow).{0,3}temp", "flow_temperature"),
    (r"(oberflächen|surface|fahrbahn|straßen|road).?temp", "surface_temperature"),
    (r"(innen|raum|indoor|room).?temp", "room_temperature"),
    (r"boden.?feucht|soil.?(moisture|humidity|water)", "soil_moisture"),
    (r"(absolute|spezifische|specific).{0,5}(feucht|humid)", "absolute_humidity"),
    (r"wind.?(richtung|direction)|direction of wind", "wind_direction"),
    (r"\bböen?\b|\bgusts?\b|windbö|spitzenbö", "wind_gust"),
    (r"wind.?(geschwindigkeit|speed|stärke)|windspeed", "wind_speed"),
    (r"global.?strahlung|(solar|global|short.?wave).{0,12}(radiation|irradiance)",
     "global_radiation"),
    (r"niederschlag|regen(menge|höhe)|precipitation|rain.?(fall|amount)?\b", "precipitation"),
    (r"pm.?2[.,_ ]?5|feinstaub 2[.,]5", "pm2_5"),
    (r"pm.?10\b|feinstaub", "pm10"),
    (r"\bno.?2\b|stickstoffdioxid|nitrogen.?dioxide", "no2"),
    (r"\bo.?3\b|ozon\b|ozone\b", "o3"),
    (r"\bco.?2\b|kohlen(stoff)?dioxid|carbon.?dioxide", "co2"),
    (r"lärm|schall|geräusch|noise|sound.?(level|pressure)|\bla?eq\b|\bspl\b", "noise"),
    (r"beleuchtungsstärke|helligkeit|illuminance|lux\b", "illuminance"),
    (r"luft.?druck|(air|atmospheric|barometric).?pressure|barometer", "air_pressure"),
    (r"luft.?feucht|(relative|air).{0,6}(feucht|humidity)|^(humidity|feuchte|feuchtigkeit)$",
     "relative_humidity"),
    (r"luft.?temp|außen.?temp|(air|outdoor|outside|ambient|exterior).?temp", "air_temperature"),
    # water
    (r"wasser.?stand|\bpegel|(water|river|gauge|surface).{0,3}(level|height|stage)|gage height",
     "water_level"),
    (r"abfluss|discharge|stream.?flow|river.?flow", "water_flow"),
    # traffic and parking
    (r"(verfügbare|ausleihbare|available|free).{0,6}(fahrr|räder|bike|bicycle|e.?bike|pedelec)"
     r"|(bikes?|bicycles|fahrräder|leihr).{0,12}(available|verfügbar)", "bikes_available"),
    (r"schwer.?verkehr|\blkw\b|heavy.{0,3}(vehicle|goods|traffic)|\btrucks?\b|\bhgv\b",
     "heavy_vehicles"),
    (r"fahrrad|fahrräder|radverkehr|radfahr|bicycle|cyclist|\bbikes?\b", "bicycles"),
    (r"fußg|fussg|passant|pedestrian|passer.?by|footfall|personenzahl|people.?count|visitor",
     "pedestrians"),
    (r"\bpkw\b|passenger.?car", "cars"),
    (r"(anzahl|number|count|aufkommen|volume|stärke|menge|flow|traffic).{0,16}"
     r"(kfz|kraftfahrzeug|fahrzeug|vehicle|\bcars?\b)|(kfz|kraftfahrzeug|fahrzeug|vehicle).{0,16}"
     r"(anzahl|number|count|aufkommen|volume|stärke|menge|flow)|^(kfz|kraftfahrzeuge|fahrzeuge|"
     r"vehicles)$|verkehrs(stärke|menge|aufkommen)|traffic.?(volume|flow|count)", "vehicles"),
    (r"verkehrsbelastung|traffic.?(load|density)", "traffic_load"),
    (r"(frei|verfügbar|free|available|vacant).{0,8}(parkpl|stellpl|plätze|space|spot|lot|parking)"
     r"|(parkpl|stellpl|plätze|spaces|spots|parking).{0,12}(frei|verfügbar|free|available|vacant)",
     "free_spaces"),
    (r"(belegt|occupied).{0,8}(parkpl|stellpl|plätze|space|spot)|(parkpl|stellpl|plätze|spaces|"
     r"parking).{0,12}(belegt|occupied)", "occupied_spaces"),
    (r"lade(punkt|station|säule|status|vorg)|charg(ing|er).{0,3}(point|station|status|state|used)"
     r"|charging state|\bevse\b", "charging_used"),
    (r"auslastung|belegung|occupancy|utili[sz]ation", "occupancy"),
    (r"lade.?leistung|charging.?power", "charging_power"),
    (r"geschwindigkeit|\bspeed\b|velocity", "speed"),
    # energy
    (r"(pv|photovoltaik|photovoltaic|solar).{0,12}(leistung|power|einspeisung|output)|"
     r"(leistung|power).{0,12}(pv|photovolta)", "pv_power"),
    (r"wärme.?zähler|heat.?meter", "heat_meter"),
    (r"wärme.?leistung|(heat|thermal).{0,3}(power|output)", "heat_power"),
    (r"wärme.?(menge|energie|verbrauch)|heat.?(energy|consumption|quantity)", "heat_energy"),
    (r"strom.?zähler|zählerstand|electric.{0,8}meter|meter.?reading", "electric_meter"),
    (r"strom.?verbrauch|elektrische.?(energie|arbeit)|electric.{0,8}(energy|consumption)",
     "electric_energy"),
    (r"wirk.?leistung|elektrische.?leistung|strom.?leistung|(electric|active).{0,4}power",
     "electric_power"),
    (r"batterie|battery|akku", "battery"),
    # the general words
    (r"temperatur", "air_temperature"),
    (r"feuchte|feuchtigkeit|humidity", "relative_humidity"),
    (r"\bregen\b|\brain\b", "precipitation"),
    (r"druck\b|pressure", "air_pressure"),
)  # fmt: skip
"""Patterns in names and the words they mean; the first that fits the unit as well counts."""

COMPILED = tuple((re.compile(pattern), word) for pattern, word in RULES)

UNIT_NAMES: Mapping[str, str] = {
    "percent": "%", "percentage": "%", "prozent": "%", "degree celsius": "Cel", "celsius": "Cel",
    "degrees celsius": "Cel", "grad celsius": "Cel", "°c": "Cel", "degc": "Cel", "deg c": "Cel",
    "centigrade": "Cel", "kelvin": "K", "degree fahrenheit": "[degF]", "fahrenheit": "[degF]",
    "degrees fahrenheit": "[degF]", "metre": "m", "meter": "m", "meters": "m", "metres": "m",
    "zentimeter": "cm", "centimeter": "cm", "centimetre": "cm", "centimeters": "cm",
    "millimeter": "mm", "millimetre": "mm", "millimeters": "mm", "liter pro quadratmeter": "mm",
    "l/m2": "mm", "l/m²": "mm", "hektopascal": "hPa", "hectopascal": "hPa", "millibar": "mbar",
    "kilopascal": "kPa", "pascal": "Pa", "meter per second": "m/s", "metre per second": "m/s",
    "meters per second": "m/s", "meter pro sekunde": "m/s", "kilometer per hour": "km/h",
    "kilometers per hour": "km/h", "kilometre per hour": "km/h", "kilometer pro stunde": "km/h",
    "grad": "deg", "degree": "deg", "degrees": "deg", "winkelgrad": "deg", "degree angle": "deg",
    "microgram per cubic meter": "ug/m3", "micrograms per cubic meter": "ug/m3",
    "microgram per cubic metre": "ug/m3", "mikrogramm pro kubikmeter": "ug/m3", "ug/m³": "ug/m3",
    "watt per square meter": "W/m2", "watt pro quadratmeter": "W/m2", "watt": "W",
    "watts per square meter": "W/m2", "kilowatt": "kW", "kilowattstunde": "kW.h",
    "kilowatt hour": "kW.h", "kilowattstunden": "kW.h", "wattstunde": "W.h", "megawatt": "MW",
    "volt": "V", "lux": "lx", "dezibel": "dB", "decibel": "dB", "dba": "dB", "db(a)": "dB",
    "parts per million": "[ppm]", "parts per billion": "[ppb]", "ppb": "[ppb]",
    "kubikmeter pro sekunde": "m3/s", "cubic meter per second": "m3/s", "cumecs": "m3/s",
    "cubic meters per second": "m3/s", "second": "s", "seconds": "s", "sekunde": "s",
    "sekunden": "s", "minute": "min", "minutes": "min", "minuten": "min", "hour": "h",
    "hours": "h", "stunde": "h", "stunden": "h", "unity": "1", "unitless": "1",
    "dimensionless": "1", "einheitenlos": "1", "one": "1", "boolean": "1", "deg_c": "Cel",
}  # fmt: skip
"""Names of units, in small letters."""

COUNTS = re.compile(
    r"^(anzahl|stück|stk\.?|zahl|number|count|counts|each|fahrr|fahrzeug|kfz|pkw|lkw|vehicles?\b"
    r"|bicycles?\b|bikes?\b|person|people|fußg|pedestrian|plätze|stellpl|parkpl|spaces?\b)[^/]*$"
)
EMPTY = frozenset({"", "-", "--", "null", "none", "n/a", "na", "unknown", "unbekannt"})
CHARGING: Mapping[str, float] = {
    "available": 0, "free": 0, "frei": 0, "verfügbar": 0, "charging": 1, "occupied": 1, "belegt": 1,
    "preparing": 1, "suspendedev": 1, "suspendedevse": 1, "finishing": 1, "in use": 1, "lädt": 1,
}  # fmt: skip
"""States of charging points: those of OCPP and what towns write."""


class Measure(NamedTuple):
    """A unit as a server tells it: its code (None where it tells none or an unknown one)."""

    code: str | None
    text: str  # what was written, for people


def spoken(text: object) -> str:
    """
    Return a name in small letters with blanks between its words.

    >>> spoken("AirTemperature"), spoken("relative_humidity"), spoken("NO₂")
    ('air temperature', 'relative humidity', 'no2')
    """
    plain = unicodedata.normalize("NFKC", str(text or ""))
    apart = re.sub(r"(?<=[a-zäöüß])(?=[A-ZÄÖÜ])", " ", plain)
    return " ".join(re.sub(r"[_\-/:#]+", " ", apart).lower().split())


def tail(definition: object) -> str:
    """Return the last part of an address: what a definition calls its property."""
    text = str(definition or "").rstrip("/#")
    return re.split(r"[/#=]", text)[-1] if text else ""


def property_word(names: Iterable[str], code: str | None) -> str:
    """
    Return the word of the twin for the first name that means one and fits the unit, or "".

    >>> property_word(["Temperature"], "Cel"), property_word(["Wasserstand"], "cm")
    ('air_temperature', 'water_level')
    >>> property_word(["Belegung"], "Cel")
    ''
    """
    for name in names:
        said = spoken(name)
        for text in dict.fromkeys((said, umlauts(said))):
            for pattern, word in COMPILED if text else ():
                if pattern.search(text) and fits(word, code):
                    return word
    return ""


def umlauts(said: str) -> str:
    """
    Return a name with umlauts where they may have been written in two letters.

    >>> umlauts("anzahl fahrraeder"), umlauts("fussgaenger")
    ('anzahl fahrräder', 'fußgänger')
    """
    for written, meant in (("ae", "ä"), ("oe", "ö"), ("ue", "ü"), ("ss", "ß")):
        said = said.replace(written, meant)
    return said


def fits(word: str, code: str | None) -> bool:
    """Return whether values in a unit can be of a property; an untold unit fits all."""
    known = PROPERTIES.get(word)
    if known is None or code is None:
        return True
    try:
        conversion(code, known.unit)
    except SourceError:
        return False
    return True


def measure_of(unit: object) -> Measure:
    """
    Return the unit that `unitOfMeasurement` tells.

    >>> measure_of({"name": "Degree Celsius", "symbol": "°C", "definition": "…"}).code
    'Cel'
    >>> measure_of({"name": "Anzahl", "symbol": None, "definition": None}).code
    '1'
    """
    given = unit if isinstance(unit, dict) else {"symbol": unit}
    told = {key: _text(given.get(key)) for key in ("symbol", "name", "definition")}
    named = told["name"].lower()
    shown = told["symbol"] or told["name"] or told["definition"]
    if named in UNIT_NAMES:  # a name is clearer than `F`, which is farad in UCUM
        return Measure(UNIT_NAMES[named], shown)
    if COUNTS.match(named) and told["symbol"].casefold() in {*EMPTY, "1", named}:
        return Measure("1", shown)
    definition = re.sub(r"^.*ucum:", "", told["definition"])
    if "://" in definition:
        definition = tail(definition)
    for text in (told["symbol"], definition, told["name"]):
        if (code := _code(text)) is not None:
            return Measure(code, shown)
    return Measure(None, shown)


def _text(value: object) -> str:
    text = unicodedata.normalize("NFC", value).strip()[:100] if isinstance(value, str) else ""
    return "" if text.casefold() in EMPTY else text


def _code(text: str) -> str | None:
    for name in (text.casefold(), spoken(text)):
        if name in UNIT_NAMES:
            return UNIT_NAMES[name]
        if name and COUNTS.match(name):
            return "1"
    if not text or len(text) > 40:
        return None
    try:
        return unit_code(text)
    except SourceError:
        return None


def interval_told(*texts: object) -> float | None:
    """
    Return the seconds between two values where a name tells them.

    >>> interval_told("Fahrradaufkommen im 5-Min-Intervall"), interval_told("Anzahl Kfz je Stunde")
    (300.0, 3600.0)
    """
    for text in texts:
        said = spoken(text)
        if found := re.search(r"\b(\d{1,3}) ?(min|minuten|minutes?|h|stunden?|hours?)\b", said):
            return float(found[1]) * (60.0 if found[2].startswith("min") else 3600.0)
        if re.search(r"stündlich|hourly|(pro|je) stunde|per hour|1h\b|stundenwert", said):
            return 3600.0
        if re.search(r"\btäglich|\bdaily\b|tageswert|(pro|je) tag\b|per day", said):
            return 86_400.0
        if re.search(r"wöchentlich|weekly|(pro|je) woche\b|per week", said):
            return 7 * 86_400.0
    return None
