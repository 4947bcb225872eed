"""Land use, water, railways, trees, places, stops, addresses and districts by hand."""

import pytest

from tests.layers.osm.make import Osm, box, codes, read


def base():
    """Something to be a place: one house."""
    osm = Osm()
    osm.area(box(0, 0, 10, 10), {"building": "house"}, number=9000)
    return osm


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"landuse": "residential"}, "residential"),
        ({"amenity": "school"}, "education"),
        ({"leisure": "park", "name": "Stadtpark"}, "park"),
        ({"natural": "wood"}, "forest"),
        ({"landuse": "plant_nursery"}, "farmland"),
        ({"amenity": "parking"}, "parking"),
        ({"highway": "pedestrian", "area": "yes"}, "square"),
        ({"landuse": "never_heard_of"}, "other"),
        ({"landuse": "forest", "area": "no"}, None),
        ({"building": "yes", "amenity": "school"}, None),
        ({"natural": "coastline"}, None),
    ],
)
def test_land_use(tmp_path, tags, kind):
    osm = base()
    key = osm.area(box(100, 0, 50, 50), tags)
    table = read(osm, tmp_path).tables["landuse"]
    if kind is None:
        assert table.empty
    else:
        assert table["class"].to_dict() == {f"osm:w{key}": kind}
        assert table["area_m2"].iloc[0] == pytest.approx(2500, abs=0.2)


def test_water_areas_and_lines(tmp_path):
    osm = base()
    lake = osm.area(box(100, 0, 50, 50), {"natural": "water", "name": "Rotter See"})
    river = osm.way([osm.node(0, 200), osm.node(90, 200)], {"waterway": "river", "width": "25 m"})
    stream = osm.way(
        [osm.node(0, 300), osm.node(90, 300)], {"waterway": "stream", "tunnel": "culvert"}
    )
    osm.way([osm.node(0, 400), osm.node(90, 400)], {"natural": "coastline"})
    osm.way([osm.node(0, 500), osm.node(90, 500)], {"waterway": "weir"})
    table = read(osm, tmp_path).tables["water"]
    assert table["class"].to_dict() == {
        f"osm:w{lake}": "lake",
        f"osm:w{river}": "river",
        f"osm:w{stream}": "stream",
    }
    assert table.loc[f"osm:w{river}", ["width_m", "width_source"]].tolist() == [25, "tagged"]
    assert table.loc[f"osm:w{stream}", ["width_m", "width_source"]].tolist() == [
        2,
        "estimated:class",
    ]
    assert table["width_m"].isna().to_dict()[f"osm:w{lake}"]
    assert table["is_tunnel"].to_dict()[f"osm:w{stream}"]


def test_forest_with_a_clearing(tmp_path):
    osm = base()
    outer = osm.area(box(100, 0, 100, 100))
    inner = osm.area(box(120, 20, 20, 20), {"landuse": "meadow"})
    wood = osm.relation(
        [("w", outer, "outer"), ("w", inner, "inner")],
        {"type": "multipolygon", "landuse": "forest"},
    )
    area = read(osm, tmp_path).tables["landuse"]["area_m2"]
    assert area[f"osm:r{wood}"] == pytest.approx(100 * 100 - 400, abs=1)
    assert area[f"osm:w{inner}"] == pytest.approx(400, abs=0.2)


def test_railways(tmp_path):
    osm = base()
    rail = osm.way(
        [osm.node(0, 50), osm.node(90, 50)],
        {"railway": "rail", "service": "siding", "electrified": "contact_line", "bridge": "yes"},
    )
    osm.way([osm.node(0, 60), osm.node(90, 60)], {"railway": "platform"})
    table = read(osm, tmp_path).tables["railways"]
    assert list(table.index) == [f"osm:w{rail}"]
    assert table.iloc[0][["class", "is_service", "is_bridge", "is_tunnel"]].tolist() == [
        "rail",
        True,
        True,
        False,
    ]


def test_trees_and_rows_of_trees(tmp_path):
    osm = base()
    tree = osm.node(50, 50, {"natural": "tree", "height": "18 m", "leaf_type": "broadleaved"})
    absurd = osm.node(60, 50, {"natural": "tree", "height": "1800"})
    row = osm.way([osm.node(0, 100), osm.node(34, 100)], {"natural": "tree_row"})
    data = read(osm, tmp_path)
    table = data.tables["trees"]
    assert table.loc[f"osm:n{tree}", ["height_m", "height_source", "leaf"]].tolist() == [
        18,
        "tagged",
        "broadleaved",
    ]
    assert codes(data)["osm_tree_height"] == 1
    assert table.loc[[f"osm:n{absurd}"], "height_m"].isna().all()
    in_row = table[table["position_source"] == "estimated:tree_row"]
    assert list(in_row.index) == [f"osm:w{row}:{n}" for n in range(4)]
    steps = in_row.geometry.x.diff().dropna().tolist()
    assert steps == pytest.approx([10, 10, 10], abs=0.02)


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"place": "village", "name": "Spich"}, "village"),
        ({"amenity": "school", "name": "Grundschule"}, "school"),
        ({"shop": "supermarket"}, "daily_needs"),
        ({"shop": "bicycle"}, "shop"),
        ({"amenity": "pharmacy"}, "health"),
        ({"office": "lawyer"}, "work"),
        ({"office": "government"}, "public_service"),
        ({"shop": "vacant"}, None),
        ({"amenity": "bench"}, None),
        ({"place": "village"}, None),
    ],
)
def test_places(tmp_path, tags, kind):
    osm = base()
    key = osm.node(50, 50, tags)
    found = read(osm, tmp_path).tables["places"]["class"].to_dict()
    assert found == ({} if kind is None else {f"osm:n{key}": kind})


def test_place_drawn_as_point_and_area_counts_once(tmp_path):
    osm = base()
    tags = {"amenity": "school", "name": "Gesamtschule"}
    point = osm.node(130, 30, tags)
    osm.area(box(100, 0, 60, 60), tags)
    far = osm.area(box(900, 0, 60, 60), tags)
    data = read(osm, tmp_path)
    assert set(data.tables["places"].index) == {f"osm:n{point}", f"osm:w{far}"}
    assert codes(data)["osm_place_twice"] == 1


def test_population_with_thousands_separators(tmp_path):
    osm = base()
    key = osm.node(0, 90, {"place": "town", "name": "Troisdorf", "population": "78.123"})
    row = read(osm, tmp_path).tables["places"].loc[f"osm:n{key}"]
    assert [row["population"], row["population_source"]] == [78123, "tagged"]


def test_stop_and_its_platform_are_one_but_both_sides_are_two(tmp_path):
    osm = base()
    name = {"name": "Rathaus"}
    north = osm.node(0, 10, name | {"highway": "bus_stop"})
    south = osm.node(12, -10, name | {"highway": "bus_stop"})
    osm.way(
        [osm.node(-5, 12), osm.node(9, 12)],
        name | {"public_transport": "platform", "bus": "yes"},
    )
    osm.node(0, 5, name | {"public_transport": "stop_position", "bus": "yes"})
    other = osm.node(0, 14, {"name": "Kirche", "public_transport": "platform", "bus": "yes"})
    tram = osm.node(2, 10, name | {"railway": "tram_stop"})
    data = read(osm, tmp_path)
    assert data.tables["stops"]["class"].to_dict() == {
        f"osm:n{north}": "bus",
        f"osm:n{south}": "bus",
        f"osm:n{other}": "bus",
        f"osm:n{tram}": "tram",
    }
    assert codes(data)["osm_stop_twice"] == 2


def test_addresses(tmp_path):
    osm = base()
    address = {"addr:street": "Am Bach", "addr:postcode": "53840"}
    house = osm.area(box(100, 0, 10, 10), {"building": "yes", "addr:housenumber": "1;3"} | address)
    osm.node(105, 5, {"shop": "bakery", "addr:housenumber": "3"} | address)  # the same as the house
    single = osm.node(200, 0, {"addr:housenumber": "5-7"} | address)
    table = read(osm, tmp_path).tables["addresses"]
    assert table["housenumber"].to_dict() == {
        f"osm:w{house}:0": "1",
        f"osm:w{house}:1": "3",
        f"osm:n{single}": "5-7",
    }
    assert table["building_id"].dropna().to_dict() == {
        f"osm:w{house}:0": f"osm:w{house}",
        f"osm:w{house}:1": f"osm:w{house}",
    }
    assert set(table["street"]) == {"Am Bach"}


@pytest.mark.parametrize(
    ("rule", "numbers"),
    [("odd", ["3", "5"]), ("all", ["2", "3", "4", "5", "6"]), ("even", []), ("alphabetic", [])],
)
def test_numbers_between_two_numbered_ends(tmp_path, rule, numbers):
    osm = base()
    tags = {"addr:street": "Am Bach"}
    ends = [osm.node(x, 80, tags | {"addr:housenumber": n}) for x, n in ((0, "1"), (60, "7"))]
    way = osm.way(ends, {"addr:interpolation": rule})
    table = read(osm, tmp_path).tables["addresses"]
    between = table[table.index.str.startswith(f"osm:w{way}:")]
    assert between["housenumber"].tolist() == numbers
    assert set(between["street"]) <= {"Am Bach"}
    if rule == "odd":
        west = table.geometry[f"osm:n{ends[0]}"].x
        assert [round(x - west) for x in between.geometry.x] == [20, 40]


def test_districts_and_those_only_half_inside(tmp_path):
    osm = base()
    ring = osm.area(box(-500, -500, 2000, 1000))
    border = {"type": "boundary", "boundary": "administrative"}
    town = osm.relation(
        [("w", ring, "outer")],
        border | {"admin_level": "8", "name": "Troisdorf", "population": "78 000"},
    )
    osm.relation([("w", 4711, "outer")], border | {"admin_level": "6", "name": "Rhein-Sieg-Kreis"})
    osm.relation([("w", ring, "outer")], border | {"admin_level": "4", "name": "NRW"})
    part = osm.area(box(0, 0, 300, 300), {"place": "suburb", "name": "Spich"})
    data = read(osm, tmp_path)
    table = data.tables["districts"]
    assert table["name"].to_dict() == {f"osm:r{town}": "Troisdorf", f"osm:w{part}": "Spich"}
    assert table["level"].to_dict() == {f"osm:r{town}": 8, f"osm:w{part}": 10}
    assert table.loc[f"osm:r{town}", ["residents", "residents_source"]].tolist() == [
        78000,
        "tagged",
    ]
    assert codes(data)["osm_district_incomplete"] == 1
