"""Which buildings a selector means."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.scenario.town import AGES, IDS, area, make_state
from twin.energy.seasonal import seasonal_demand
from twin.selection import (
    SelectionError,
    Selector,
    describe,
    lots,
    parse_selector,
    preview,
    problems,
    ranked,
    select,
    selector_line,
)

TOWN = make_state()


def chosen(line: str) -> list[str]:
    return list(select(TOWN, parse_selector(line)))


def test_nothing_asked_for_means_all():
    assert list(select(TOWN, Selector())) == IDS
    assert len(preview(TOWN, Selector(blocks=("bl1",)))) == 20


@pytest.mark.parametrize(
    ("line", "ids"),
    [
        ("id in h03, h01", ["h01", "h03"]),
        ("block = bl2; use != residential", ["h39"]),
        ("system in oil_boiler; heated_area_m2 >= 108", ["h08", "h09"]),
        ("heated_area_m2 < 101.5; heated_area_m2 > 0", ["h00", "h01"]),
        ("heated_area_m2 == 105", ["h05"]),
        ("district in MITTE; pv_kwp > 0", ["h01"]),
        ("has_parts = yes", []),
        ("name in x", []),
        ("network_id not in n1", []),  # what is not known meets no condition
        ("highest 5 % by heated_area_m2", ["h37", "h38"]),
        ("lowest 7.5 % by footprint_m2", ["h00", "h01", "h02"]),
        ("block = bl1; highest 10 % by heated_area_m2", ["h18", "h19"]),
        ("highest 0 % by heated_area_m2", []),
    ],
)
def test_lines(line, ids):
    assert chosen(line) == ids


def test_year_built_falls_back_on_the_age_class():
    """h00, h04 … know their year, 1900 + n; the others only a class, taken at its middle."""
    known = [n for n in range(40) if n % 4 == 0]
    stock = TOWN.stock.assign(year_built=[1900.0 + n if n in known else np.nan for n in range(40)])
    state = TOWN.replace(stock=stock)
    found = select(state, parse_selector("year_built < 1959"))
    middle = {AGES[1]: 1958.5, AGES[2]: 1976, AGES[3]: 2013}
    expected = [
        key for n, key in enumerate(IDS)
        if (1900 + n if n in known else middle[AGES[n % 4]]) < 1959
    ]  # fmt: skip
    assert list(found) == expected


def test_demand_is_that_of_the_seasonal_method():
    demand = seasonal_demand(TOWN.stock.iloc[:39], TOWN.city.envelopes, TOWN.assumptions)
    limit = float(demand.sort_values().iloc[20])
    assert set(chosen(f"heat_demand_kwh > {limit}")) == set(demand.index[demand > limit])
    specific = demand / TOWN.stock["heated_area_m2"].iloc[:39]
    top = set(specific.nlargest(12).index)
    assert len(top & set(chosen("highest 30 % by heat_demand_kwh_m2"))) >= 11
    assert len(chosen("highest 30 % by heat_demand_kwh_m2")) == 12  # of the 39 that are heated


def test_area_takes_buildings_by_their_middle():
    """The first house spans 5 to 13 m from the west, its middle is at 9 m."""
    for east, ids in ((8.5, []), (9.5, ["h00"]), (19.5, ["h00", "h01"])):
        found = select(TOWN, Selector(area=area(0, 0, east, 30)))
        assert list(found) == ids
    drawn = area(0, 0, 9.5, 30)
    feature = {"type": "Feature", "properties": {}, "geometry": drawn}
    assert list(select(TOWN, Selector(area=feature))) == ["h00"]
    both = {"type": "MultiPolygon", "coordinates": [drawn["coordinates"],
            area(0, 40, 9.5, 70)["coordinates"]]}  # fmt: skip
    assert list(select(TOWN, Selector(area=both))) == ["h00", "h20"]


def test_what_is_not_there_is_named():
    asked = Selector(ids=("h01", "x"), districts=("mitte", "Oz"), blocks=("bl1", "b9"))
    assert [(p.code, str(p.what)) for p in problems(TOWN, asked)] == [
        ("unknown_id", "There is no building x."),
        ("unknown_district", "There is no district Oz."),
        ("unknown_block", "There is no block b9."),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("year_built", "year_built is no condition"),
        ("yeer_built < 3", "There is no column called yeer_built. Perhaps: year_built"),
        ("use < 3", "use holds words; < compares numbers"),
        ("use in houses", "use knows no houses. Allowed: residential"),
        ("storeys < many", "storeys holds numbers, got many."),
        ("storeys == 1, 2", "== takes one value"),
        ("highest 30 % by use", "There is no column of numbers called use"),
    ],
)
def test_what_is_no_selector_is_said(line, said):
    with pytest.raises(SelectionError, match=r"The selection .* is not understood") as error:
        parse_selector(line)
    assert said in str(error.value)


def test_words():
    line = (
        "size_class in apartments; year_built < 1978; system not in none; lowest 20 % by height_m"
    )
    assert str(describe(parse_selector(line))) == (
        "Building type: apartments; Year built < 1978; Heating system not none; "
        "the 20 % with the lowest: Height"
    )
    assert str(describe(Selector())) == "all buildings"


lines = st.lists(
    st.sampled_from(
        ["id in h01, h02", "district in Mitte", "block in bl1", "year_built < 1978",
         "use in residential, office", "system not in none", "highest 12.5 % by height_m"]
    ), unique=True,
)  # fmt: skip


@given(lines)
def test_line_round_trip(parts):
    found = parse_selector("; ".join(parts))
    assert parse_selector(selector_line(found)) == found
    assert Selector.model_validate_json(found.model_dump_json()) == found


@settings(max_examples=20)
@given(st.floats(0, 100), st.floats(0, 100), st.sampled_from(["highest", "lowest", "random"]))
def test_shares_nest_and_count(a, b, order):
    small, large = sorted((a, b))

    def ids(percent):
        share = {"percent": percent, "by": "footprint_m2", "order": order}
        return set(select(TOWN, Selector(share=share)))

    assert ids(small) <= ids(large)
    assert len(ids(large)) == int(np.floor(0.4 * large + 0.5 + 1e-9))


@given(st.lists(st.text(min_size=1, max_size=8), unique=True, min_size=1, max_size=30))
def test_lots_are_even_and_of_each_building_alone(names):
    index = pd.Index(names, dtype="str")
    drawn = lots(index, "m")
    assert ((drawn >= 0) & (drawn < 1)).all()
    assert lots(index[::-1], "m")[::-1].tolist() == drawn.tolist()
    assert lots(index[:1], "m")[0] == drawn[0]


def test_lots_fill_the_range():
    """Kolmogorov-Smirnov distance of 10,000 lots below 1.63/100 (1 % level), for three keys."""
    index = pd.Index([f"osm:w{n}" for n in range(10_000)])
    for key in ("a", "b", "retrofit"):
        gap = np.abs(np.sort(lots(index, key)) - (np.arange(10_000) + 0.5) / 10_000)
        assert gap.max() < 0.0163
    assert abs(np.corrcoef(lots(index, "a"), lots(index, "b"))[0, 1]) < 0.04


def test_ranks_put_missing_last_and_do_not_know_the_order():
    values = np.array([3.0, np.nan, 7.0, 3.0, 1.0])
    ids = pd.Index(list("abcde"))
    assert list(ids[ranked(values, ids, highest=True)][[0, 3, 4]]) == ["c", "e", "b"]
    assert list(ids[ranked(values, ids, highest=False)][[0, 3, 4]]) == ["e", "c", "b"]
    back = ids[::-1][ranked(values[::-1], ids[::-1], highest=True)]
    assert list(back) == list(ids[ranked(values, ids, highest=True)])
