"""Official keys and names of ALKIS in the words of the city, looked up once for each value."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

BUILDING = "31001"
LIVED_IN_OR_BESIDE = frozenset({"residential", "mixed", "garage", "shed", "other", "unknown"})
"""Uses that say nothing of the building type."""
KEY = re.compile(r"(?:(?<!\d)(\d{5})[_ .-]?)?(?<!\d)(\d{4})(?:\.0+)?$")
LAND_KEY = re.compile(r"(?<!\d)(4\d{4})(?:\.0+)?(?!\d)")


def building_use(functions: pd.Series[Any]) -> pd.DataFrame:
    """
    Return what the functions of the cadastre say, by row.

    Parameters
    ----------
    functions
        Keys ("2463", "31001_2463", 2463.0) or names ("Garage", in any case and spacing).

    Returns
    -------
    pd.DataFrame
        `use` (`BUILDING_USES`; "unknown" where the catalogue does not know it), `function`
        (official name, else the text as it came; missing where it was), `size_class`
        ("non_residential" where the function excludes living, else missing), `is_structure`
        (no house: canopy, tank, tower).

    >>> building_use(pd.Series(["31001_2463", "Kirche", "51009_1610"]))["function"].tolist()
    ['Garage', 'Kirche', 'Überdachung']
    """
    found = _by_value(functions, _function)
    columns = ("use", "function", "size_class")
    table = {name: _words(found, place) for place, name in enumerate(columns)}
    table["is_structure"] = found.map(lambda entry: entry[3]).astype("bool")
    return pd.DataFrame(table, index=functions.index)


def roof_type(codes: pd.Series[Any]) -> pd.Series[Any]:
    """
    Return the roof shape (`ROOF_TYPES`) of keys or names; missing where unknown.

    >>> roof_type(pd.Series(["3100", 1000.0, "Walmdach", "?"])).tolist()
    ['gabled', 'flat', 'hipped', nan]
    """
    found = _by_value(codes, _roof)
    return _words(found, 0)


def land_class(uses: pd.Series[Any], kinds: pd.Series[Any] | None = None) -> pd.DataFrame:
    """
    Return what the actual use of land says, by row.

    Parameters
    ----------
    uses
        `nutzart` names or keys of object types ("Wald", 43002, "AX_Wald").
    kinds
        `bez`: Funktion or Vegetationsmerkmal in words, several separated by ";".

    Returns
    -------
    pd.DataFrame
        `table` ("landuse", "water"), `class` of that table, `use` (official name, else the text as
        it came). `table` and `class` are missing where the catalogue does not know the use.

    >>> land_class(pd.Series(["Wald", "42010"]))["class"].tolist()
    ['forest', 'railway']
    """
    detail = pd.Series("", index=uses.index) if kinds is None else kinds.astype("str").fillna("")
    pairs = uses.astype("str").fillna("") + "\n" + detail
    found = _by_value(pairs, _land)
    columns = ("table", "class", "use")
    return pd.DataFrame(
        {name: _words(found, place) for place, name in enumerate(columns)}, index=uses.index
    )


def plain_id(ids: pd.Series[Any]) -> pd.Series[Any]:
    """
    Return the 16 characters that name an object for good; anything else stays as it is.

    Left out are the prefix `urn:adv:oid:`, the two letters of the object type that the simplified
    schema adds (BL, FL, TN) and the time stamp of a version.

    >>> plain_id(pd.Series(["DENW43AL00002f8oBL", "urn:adv:oid:DENW43AL00002f8o"])).tolist()
    ['DENW43AL00002f8o', 'DENW43AL00002f8o']
    """
    text = ids.astype("str").str.strip()
    core = text.str.extract(r"(?:^|[:_])(DE[A-Z]{2}[0-9A-Za-z]{12})(?:[A-Z]{2})?(?:[0-9]{8}T.*)?$")
    return core[0].fillna(text)


def plain_name(text: str) -> str:
    """
    Return a name without case, punctuation and double spaces, for looking it up.

    >>> plain_name(" Freizeit-  und Vergnügungsstätte ")
    'freizeit und vergnügungsstätte'
    """
    return " ".join(re.sub(r"[\W_]+", " ", text.casefold()).split())


def _by_value(values: pd.Series[Any], look_up: Callable[[str], Any]) -> pd.Series[Any]:
    """Translate every different value once; a town has thousands of rows and dozens of values."""
    text = values.astype("str").fillna("")
    known = {value: look_up(value) for value in text.unique()}
    return text.map(known).astype(object)


def _words(found: pd.Series[Any], place: int) -> pd.Series[Any]:
    return found.map(lambda entry: entry[place] or None).astype("str")


def _function(value: str) -> tuple[str, str, str, bool]:
    text = value.strip()
    key = KEY.search(text)
    if key is not None and (key[1] or BUILDING) != BUILDING:
        return _structure(key[1], key[2], text)
    entry = _functions().get(key[2]) if key is not None else _function_names().get(plain_name(text))
    if entry is None:
        structure = _structure_names().get(plain_name(text))
        return (structure, text, "", True) if structure else ("unknown", text, "", False)
    use, name = entry
    return use, name, "" if use in LIVED_IN_OR_BESIDE else "non_residential", False


def _structure(kind: str, key: str, text: str) -> tuple[str, str, str, bool]:
    catalogue = _toml("functions")
    group = catalogue["structures"].get(kind)
    if group is None:
        return "unknown", text, "", kind[0] == "5"
    entry = catalogue["structure_kinds"].get(f"{kind}_{key}", group)
    return entry["use"], entry["name"], "", True


def _roof(value: str) -> tuple[str]:
    text = value.strip()
    key = KEY.search(text)
    return (_roofs().get(key[2] if key is not None else plain_name(text), ""),)


def _land(value: str) -> tuple[str, str, str]:
    text, _, kinds = value.partition("\n")
    key = LAND_KEY.search(text)
    name = plain_name(re.sub(r"^(?:ave:|AX_)", "", text.strip()))
    entry = _land_uses().get(key[1] if key is not None else name)
    if entry is None:
        return "", "", text.strip()
    table = "water" if "water" in entry else "landuse"
    words = plain_name(kinds)
    refined = (cls for start, cls in entry.get("kinds", ()) if re.search(rf"\b{start}", words))
    plain = str(entry.get("water") or entry["land"])
    return table, next(refined, plain), entry["name"]


@cache
def _toml(name: str) -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name(f"{name}.toml").read_text("utf-8"))


NOT_USES = ("names", "structures", "structure_kinds")


@cache
def _functions() -> Mapping[str, tuple[str, str]]:
    """Return use and name by key."""
    uses = {use: keys for use, keys in _toml("functions").items() if use not in NOT_USES}
    return {key: (use, name) for use, keys in uses.items() for key, name in keys.items()}


@cache
def _function_names() -> Mapping[str, tuple[str, str]]:
    """Return use and name by plain name, other spellings included."""
    functions = _functions()
    spellings = _toml("functions")["names"]
    other = {plain_name(n): functions[key] for key, names in spellings.items() for n in names}
    return {**other, **{plain_name(entry[1]): entry for entry in functions.values()}}


@cache
def _structure_names() -> Mapping[str, str]:
    """Return the use of structures by plain name."""
    catalogue = _toml("functions")
    entries = [*catalogue["structures"].values(), *catalogue["structure_kinds"].values()]
    return {plain_name(entry["name"]): entry["use"] for entry in entries}


@cache
def _roofs() -> Mapping[str, str]:
    roofs = _toml("roofs")
    names = {plain_name(entry["name"]): entry["shape"] for entry in roofs.values()}
    return {**names, **{key: entry["shape"] for key, entry in roofs.items()}}


@cache
def _land_uses() -> Mapping[str, dict[str, Any]]:
    """Return the entry of land use by key, by name and by the name of the NAS element."""
    uses = _toml("land")
    names = {}
    for entry in uses.values():
        for name in (entry["name"], *entry.get("names", ())):
            names[plain_name(name)] = entry
            names[_element_name(name)] = entry
    return {**names, **uses}


def _element_name(name: str) -> str:
    """
    Return a name as NAS writes it for an element, in small letters.

    >>> _element_name("Industrie- und Gewerbefläche")
    'industrieundgewerbeflaeche'
    """
    spelt = name.casefold().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    return re.sub(r"\W+", "", spelt)
