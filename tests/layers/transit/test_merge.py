import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point

from layers.transit import merge_stops
from layers.transit.merge import LIKE, likeness
from tests.conftest import CRS
from twin.schema import STOPS
from twin.validation import conform, validate

E, N = 370_000.0, 5_631_000.0


def stops(rows):
    """Give stops by key as (name, class, x) and perhaps more."""
    frame = gpd.GeoDataFrame(
        [{"name": r[0], "class": r[1], **(r[3] if len(r) > 3 else {})} for r in rows.values()],
        index=list(rows),
        geometry=[Point(E + r[2], N) for r in rows.values()],
        crs=CRS,
    )
    return conform(STOPS, frame, crs=CRS)


def test_closest_pairs_first_each_once():
    """o2 lies nearer to both; o1 gets what is left."""
    osm = stops({"o1": ("Markt", "bus", 0), "o2": ("Markt", "bus", 30)})
    gtfs = stops({"gtfs:g1": ("Troisdorf, Markt", "bus", 35), "gtfs:g2": ("Markt", "bus", 60)})
    merged, moved, found = merge_stops(osm, gtfs)
    assert moved == {"o1": "gtfs:g2", "o2": "gtfs:g1"}
    assert merged["other_ids"].to_dict() == {"gtfs:g1": "o2", "gtfs:g2": "o1"}
    assert [(f.code, f.count, f.total) for f in found] == [("gtfs_stop_matched", 2, 2)]
    validate(STOPS, merged, crs=CRS)


def test_what_only_one_knows_stays():
    osm = stops(
        {"o1": ("Markt", "bus", 0, {"ref": "7", "step_free": "yes"}), "o2": ("Wald", "bus", 5)}
    )
    known = {"step_free": "unknown", "departures": 12.0}
    gtfs = stops({"gtfs:g": ("Markt", "bus", 10, known), "gtfs:h": ("Kirche", "bus", 3)})
    merged, moved, found = merge_stops(osm, gtfs)
    assert moved == {"o1": "gtfs:g"}
    assert list(merged.index) == ["gtfs:g", "gtfs:h", "o2"]
    row = merged.loc["gtfs:g"]
    assert (row["ref"], row["step_free"], row["departures"]) == ("7", "yes", 12)
    assert row.geometry == gtfs.loc["gtfs:g"].geometry
    assert {f.code: f.count for f in found} == {"gtfs_stop_matched": 1, "gtfs_stop_only_on_map": 1}


def test_the_official_number_beats_name_and_distance():
    number = "de:05382:1234:0:1"
    osm = stops({"o": ("Anders", "bus", 0, {"ref": number}), "p": ("Markt", "bus", 0)})
    for prefix in ("gtfs:", "gtfs:vrs:"):
        gtfs = stops(
            {f"{prefix}{number}": ("Markt", "bus", 80), f"{prefix}x": ("Markt", "bus", 99)}
        )
        assert merge_stops(osm, gtfs)[1] == {"o": f"{prefix}{number}", "p": f"{prefix}x"}
    plain = stops({"o": ("Anders", "bus", 0, {"ref": "12"})})
    assert merge_stops(plain, stops({"gtfs:12": ("Markt", "bus", 20)}))[1] == {}


@pytest.mark.parametrize(
    ("osm", "gtfs", "same"),
    [
        (("Markt", "bus"), ("Markt", "rail"), False),
        (("Markt", "tram"), ("Markt", "light_rail"), True),
        (("Markt", "other"), ("Markt", "bus"), True),
        (("Markt", "bus"), ("Friedhof", "bus"), False),
        ((None, "bus"), ("Friedhof", "bus"), True),
    ],
)
def test_class_and_name_decide(osm, gtfs, same):
    merged, moved, _ = merge_stops(stops({"o": (*osm, 0)}), stops({"gtfs:g": (*gtfs, 20)}))
    assert bool(moved) is same
    assert len(merged) == 2 - same


def test_distance_decides():
    bus, rail = stops({"o": ("Markt", "bus", 0)}), stops({"o": ("Markt", "rail", 0)})
    for here, kind, reach in ((bus, "bus", 100), (rail, "rail", 400)):
        assert merge_stops(here, stops({"gtfs:g": ("Markt", kind, reach)}))[1]
        assert not merge_stops(here, stops({"gtfs:g": ("Markt", kind, reach + 1)}))[1]
    nameless = stops({"o": (None, "bus", 0)})
    assert not merge_stops(nameless, stops({"gtfs:g": ("Markt", "bus", 26)}))[1]


def test_a_station_stands_before_its_platforms():
    osm = stops({"o": ("Bahnhof Troisdorf", "rail", 0)})
    gtfs = stops(
        {
            "gtfs:S": ("Troisdorf Bf", "rail", 90),
            "gtfs:p": ("Troisdorf Bf", "rail", 5, {"parent_id": "gtfs:S"}),
        }
    )
    assert merge_stops(osm, gtfs)[1] == {"o": "gtfs:S"}


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("Hauptstr.", "Hauptstraße", True),
        ("Troisdorf Bf", "Bahnhof Troisdorf", True),
        ("Köln Messe/Deutz", "Bf Deutz/Messe", True),
        ("Sieglar, Kirche", "Kirche", True),
        ("HD Hauptbahnhof", "Heidelberg Hbf", True),
        ("Rathaus", "Friedhof", False),
        ("Ursulaplatz", "Altenforst", False),
    ],
)
def test_names(a, b, same):
    assert (likeness(a, b) >= LIKE) is same
    assert likeness(a, b) == likeness(b, a)


names, kinds = st.sampled_from(["Markt", "Kirche", None]), st.sampled_from(["bus", "tram"])
places = st.lists(st.tuples(names, kinds, st.integers(0, 200)), max_size=7)


@given(places, places, st.randoms(use_true_random=False))
@settings(max_examples=20)
def test_no_stop_is_lost_whatever_the_order(left, right, random):
    osm = stops({f"o{i}": row for i, row in enumerate(left)})
    gtfs = stops({f"gtfs:g{i}": (*row, {"departures": 1.0}) for i, row in enumerate(right)})
    merged, moved, _ = merge_stops(osm, gtfs)
    assert len(merged) == len(osm) + len(gtfs) - len(moved)
    assert len(set(moved.values())) == len(moved)
    assert merged["departures"].sum() == len(gtfs)
    other = merge_stops(
        osm.iloc[random.sample(range(len(osm)), len(osm))],
        gtfs.iloc[random.sample(range(len(gtfs)), len(gtfs))],
    )
    assert other[1] == moved
    pd.testing.assert_frame_equal(merged, other[0])


def test_another_crs_is_refused():
    one = stops({"o": ("Markt", "bus", 0)})
    with pytest.raises(ValueError, match="one CRS"):
        merge_stops(one, one.to_crs("EPSG:25833"))
