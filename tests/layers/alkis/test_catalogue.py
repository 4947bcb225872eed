"""The catalogues of ALKIS, against the words of the city and real official files."""

import re
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import layers.alkis
from layers.alkis import building_use, land_class, plain_id, roof_type
from tests.conftest import shared
from twin.classes import BUILDING_USES, LANDUSE_CLASSES, ROOF_TYPES, SIZE_CLASSES, WATER_CLASSES

HERE = Path(layers.alkis.__file__).parent
FUNCTIONS = tomllib.loads((HERE / "functions.toml").read_text("utf-8"))
USES = {k: v for k, v in FUNCTIONS.items() if k in BUILDING_USES}
NAMES = {key: name for keys in USES.values() for key, name in keys.items()}


def use_of(*values):
    return building_use(pd.Series(list(values), dtype=object))


def test_every_entry_is_under_a_use_of_the_city_and_each_key_once():
    assert set(FUNCTIONS) - set(USES) == {"names", "structures", "structure_kinds"}
    keys = [key for entries in USES.values() for key in entries]
    assert len(keys) == len(set(keys))
    assert len(keys) > 200
    assert min(keys) == "1000"
    assert max(keys) == "9998"
    structures = [*FUNCTIONS["structures"].values(), *FUNCTIONS["structure_kinds"].values()]
    assert {entry["use"] for entry in structures} <= set(BUILDING_USES)


def test_spellings_of_one_function():
    found = use_of("31001_2463", "2463", "2463.0", 2463, 2463.0, "Garage", "  GARAGE ", "garage")
    assert set(found["use"]) == {"garage"}
    assert set(found["function"]) == {"Garage"}
    assert found["size_class"].isna().all()


@given(st.sampled_from(sorted(NAMES)), st.sampled_from(["{}", " {} ", "31001_{}", "{}.0"]))
def test_a_key_and_its_name_mean_the_same(key, spelling):
    by_key, by_name = use_of(spelling.format(key)), use_of(NAMES[key].upper())
    assert by_key["use"].tolist() == by_name["use"].tolist()
    assert by_key["function"].tolist() == by_name["function"].tolist() == [NAMES[key]]


@pytest.mark.parametrize(
    ("key", "use"),
    [("1000", "residential"), ("1100", "mixed"), ("1123", "mixed"), ("2000", "commercial"),
     ("2020", "office"), ("2100", "industrial"), ("2700", "agriculture"), ("3000", "public"),
     ("3021", "education"), ("3041", "religious"), ("9998", "unknown")],
)  # fmt: skip
def test_group_keys_mean_something_sensible(key, use):
    assert use_of(key)["use"].tolist() == [use]


def test_structures_are_no_houses():
    found = use_of("51009_1610", "51003_1205", "51009_9999", "53001_1800", "Überdachung", "1000")
    assert found["is_structure"].tolist() == [True, True, True, True, True, False]
    assert found["function"].iloc[0] == "Überdachung"
    assert found["use"].iloc[1] == "storage"


def test_what_nobody_knows_stays_readable():
    found = use_of("Raumstation", "31001_7777", None, "")
    assert found["use"].tolist() == ["unknown"] * 4
    assert found["function"].iloc[:2].tolist() == ["Raumstation", "31001_7777"]
    assert found["function"].iloc[2:].isna().all()
    assert not found["is_structure"].any()


def test_size_class_only_where_living_is_excluded():
    found = use_of("1000", "1100", "2463", "2723", "9998", "3041", "2111")
    assert found["size_class"].isna().tolist() == [True] * 5 + [False] * 2
    assert set(found["size_class"].dropna()) <= set(SIZE_CLASSES)


def test_index_and_length_stay():
    functions = pd.Series(["1000", "x"], index=["b", "a"])
    assert list(building_use(functions).index) == ["b", "a"]
    assert (
        building_use(functions.iloc[:0]).columns.tolist()
        == building_use(functions).columns.tolist()
    )
    assert len(building_use(functions.iloc[:0])) == 0


def test_roofs_of_the_code_list():
    codes = ["1000", "2100", "2200", "3100", "3200", "3300", "3400", "3500", "3600", "3700", "3800",
             "3900", "4000", "5000", "9999"]  # fmt: skip
    shapes = roof_type(pd.Series(codes))
    assert shapes.notna().all()
    assert set(shapes) <= set(ROOF_TYPES)
    assert shapes.iloc[[0, 1, 3, 4, 5]].tolist() == [
        "flat", "skillion", "gabled", "hipped", "half_hipped",
    ]  # fmt: skip
    assert roof_type(pd.Series(["8888", None])).isna().all()


def test_use_of_land():
    uses = pd.Series(["Straßenverkehr", "Bahnverkehr", "Wald", "43001", "41008", "Fließgewässer"])
    kinds = pd.Series([None, None, "Laubholz", "Grünland", "Grünanlage;Park", "Bach"])
    found = land_class(uses, kinds)
    assert found["class"].tolist() == ["road", "railway", "forest", "meadow", "park", "stream"]
    assert found["table"].tolist() == ["landuse"] * 5 + ["water"]


def test_every_class_of_land_is_one_of_the_city():
    for entry in tomllib.loads((HERE / "land.toml").read_text("utf-8")).values():
        classes = WATER_CLASSES if "water" in entry else LANDUSE_CLASSES
        said = [entry.get("water") or entry["land"], *(c for _, c in entry.get("kinds", []))]
        assert set(said) <= set(classes), entry["name"]


def test_unknown_land_is_nothing():
    found = land_class(pd.Series(["Mondlandschaft", None]))
    assert found["class"].isna().all()
    assert found["table"].isna().all()
    assert found["use"].iloc[0] == "Mondlandschaft"


def test_ids_lose_what_the_schema_adds():
    same = "DENW43AL00002f8o"
    ids = pd.Series([f"{same}BL", same, f"urn:adv:oid:{same}", f"{same}20200101T000000Z",
                     "Flurstueck_DETHL51P00005SoZFL", "x1"])  # fmt: skip
    assert plain_id(ids).tolist() == [same] * 4 + ["DETHL51P00005SoZ", "x1"]


@pytest.mark.parametrize("name", ["LoD2_32_280_5659_1_NW.gml", "EssenExample.gml"])
def test_functions_and_roofs_of_real_tiles_are_all_known(name):
    text = shared(f"data/citymodel/{name}").read_text("utf-8", errors="replace")
    functions = pd.Series(re.findall(r"<bldg:function[^>]*>([^<]+)<", text))
    assert len(functions) > 50
    found = building_use(functions)
    assert (found["function"] != functions).all()
    roofs = pd.Series(re.findall(r"<bldg:roofType[^>]*>([^<]+)<", text))
    assert roof_type(roofs).notna().all()
    ids = pd.Series(re.findall(r'<bldg:Building gml:id="([^"]+)"', text))
    official = ids[ids.str.match(r"^DENW[0-9A-Za-z]{12}$")]
    assert (plain_id(official) == official).all()
