"""Turn restrictions on junctions small enough to see the answer."""

import pytest

from tests.layers.osm.make import Osm, codes, read

ROAD = {"highway": "residential"}


def junction(osm):
    """Four arms around the origin, each its own way drawn towards it; gives node and ways."""
    middle = osm.node(0, 0)
    arms = {}
    for name, far in (("w", (-100, 0)), ("e", (100, 0)), ("s", (0, -100)), ("n", (0, 100))):
        arms[name] = osm.way([osm.node(*far), middle], ROAD | {"name": name})
    return middle, arms


def restrict(osm, start, via, end, tags):
    members = [("w", start, "from"), via, ("w", end, "to")]
    return osm.relation(members, {"type": "restriction"} | tags)


def turns(data):
    return data.tables["turns"]


def test_restriction_over_a_node(tmp_path):
    osm = Osm()
    middle, arm = junction(osm)
    key = restrict(osm, arm["w"], ("n", middle, "via"), arm["n"], {"restriction": "no_left_turn"})
    row = turns(read(osm, tmp_path)).loc[f"osm:r{key}"]
    assert row["kind"] == "no_left_turn"
    assert row["from_link"] == f"osm:w{arm['w']}:0:f"
    assert row["to_link"] == f"osm:w{arm['n']}:0:b"  # drawn towards the junction
    assert row["via_node"] == f"osm:n{middle}"
    assert row.isna()["except_modes"]


@pytest.mark.parametrize(
    ("tags", "free"),
    [
        ({"restriction": "no_left_turn", "except": "psv;bicycle"}, "bus bike"),
        ({"restriction": "only_straight_on", "except": "bicycle"}, "bike"),
        ({"restriction:hgv": "no_left_turn"}, "car bus bike"),
        ({"restriction": "no_left_turn", "except": "taxi"}, None),
    ],
)
def test_whom_a_restriction_binds(tmp_path, tags, free):
    osm = Osm()
    middle, arm = junction(osm)
    restrict(osm, arm["w"], ("n", middle, "via"), arm["n"], tags)
    found = turns(read(osm, tmp_path))["except_modes"]
    assert found.astype(object).where(found.notna(), None).tolist() == [free]


def test_its_node_stays_a_node(tmp_path):
    osm = Osm()
    a, b, c = osm.node(0, 0), osm.node(100, 0), osm.node(200, 0)
    one, two = osm.way([a, b], ROAD), osm.way([b, c], ROAD)
    restrict(osm, one, ("n", b, "via"), one, {"restriction": "no_u_turn"})
    data = read(osm, tmp_path)
    assert len(data.tables["streets"]) == 4
    row = turns(data).iloc[0]
    assert [row["from_link"], row["to_link"]] == [f"osm:w{one}:0:f", f"osm:w{one}:0:b"]
    assert f"osm:w{two}:0:f" in data.tables["streets"].index


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ({"restriction": "no_dancing"}, "osm_turn_unknown"),
        ({"restriction:conditional": "no_left_turn @ (07:00-09:00)"}, "osm_turn_timed"),
    ],
)
def test_what_cannot_be_kept_is_counted(tmp_path, tags, code):
    osm = Osm()
    middle, arm = junction(osm)
    restrict(osm, arm["w"], ("n", middle, "via"), arm["n"], tags)
    data = read(osm, tmp_path)
    assert turns(data).empty
    assert codes(data)[code] == 1


def test_members_that_are_missing_or_do_not_meet_are_counted(tmp_path):
    osm = Osm()
    middle, arm = junction(osm)
    restrict(osm, arm["w"], ("n", middle, "via"), 4711, {"restriction": "no_left_turn"})
    osm.relation([("w", arm["w"], "from")], {"type": "restriction", "restriction": "no_u_turn"})
    through = osm.way([osm.node(-50, -50), middle, osm.node(50, 50)], ROAD)
    restrict(osm, through, ("n", middle, "via"), arm["n"], {"restriction": "no_left_turn"})
    data = read(osm, tmp_path)
    assert turns(data).empty
    found = codes(data)
    assert [found[f"osm_turn_{c}"] for c in ("unresolved", "incomplete", "ambiguous")] == [1, 1, 1]


def test_what_a_one_way_street_forbids_already_has_no_effect(tmp_path):
    osm = Osm()
    middle = osm.node(0, 0)
    start = osm.way([osm.node(-100, 0), middle], ROAD)
    against = osm.way(
        [osm.node(0, 100), middle], {"highway": "motorway"}
    )  # one-way towards the node, nobody on foot
    restrict(osm, start, ("n", middle, "via"), against, {"restriction": "no_left_turn"})
    data = read(osm, tmp_path)
    assert turns(data).empty
    assert codes(data)["osm_turn_no_effect"] == 1


@pytest.mark.parametrize("other_entry", [False, True])
def test_over_a_way_it_is_kept_only_where_one_node_says_the_same(tmp_path, other_entry):
    """Dual carriageway: from the eastbound side over the gap back onto the westbound side."""
    osm = Osm()
    one_way = {"highway": "primary", "oneway": "yes"}
    a, b, c, d = osm.node(0, 0), osm.node(0, 20), osm.node(-200, 0), osm.node(200, 0)
    into = osm.way([c, a], one_way)
    osm.way([a, d], one_way)
    gap = osm.way([a, b], ROAD)
    osm.way([osm.node(200, 20), b], one_way)
    back = osm.way([b, osm.node(-200, 20)], one_way)
    if other_entry:
        osm.way([osm.node(0, -90), a], ROAD)
    restrict(osm, into, ("w", gap, "via"), back, {"restriction": "no_u_turn"})
    data = read(osm, tmp_path)
    if other_entry:
        assert turns(data).empty
        assert codes(data)["osm_turn_via_way"] == 1
    else:
        row = turns(data).iloc[0]
        assert [row["from_link"], row["via_node"], row["to_link"]] == [
            f"osm:w{gap}:0:f",
            f"osm:n{b}",
            f"osm:w{back}:0:f",
        ]
