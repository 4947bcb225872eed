"""Segments against a network made here, so that it is known which street each one means."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely.geometry import LineString, MultiLineString

from twin.errors import ModelError
from twin.observed.segments import match_segments, of_segments

CRS = 25832
EAST, NORTH = 350_000.0, 5_640_000.0
KOELN = Path(__file__).parents[4] / "shared/data/sensors/koeln_street_segments.geojson"


def network(**lines):
    """Make streets from corners in m; a name with a tilde is the way back of the one before it."""
    shapes = {
        name: LineString([(EAST + x, NORTH + y) for x, y in corners])
        for name, corners in lines.items()
    }
    both = {**shapes, **{f"{name}~": shape.reverse() for name, shape in shapes.items()}}
    frame = gpd.GeoDataFrame({"geometry": list(both.values())}, index=list(both), crs=CRS)
    return frame.assign(allow_car=True)


def wkt(*corners):
    line = gpd.GeoSeries([LineString([(EAST + x, NORTH + y) for x, y in corners])], crs=CRS)
    return line.to_crs(4326).iloc[0].wkt


TOWN = network(
    main1=[(0, 0), (100, 0)], main2=[(100, 0), (250, 0)], far=[(250, 0), (600, 0)],
    cross=[(100, -200), (100, 200)], beside=[(0, 60), (250, 60)], stub=[(250, 0), (256, 0)],
)  # fmt: skip


def test_streets_along_a_segment_are_found_with_their_lengths():
    found = match_segments({"s": wkt((0, 6), (250, 6))}, TOWN)
    assert set(found["street"]) == {"main1", "main1~", "main2", "main2~"}
    along = found[found["is_along"]].set_index("street")
    assert list(along.index) == ["main2", "main1"]  # the longest first
    assert along["overlap_m"].tolist() == pytest.approx([150, 100], abs=10)
    assert along["street_part"].tolist() == pytest.approx([1, 1], abs=0.1)
    assert along["line_part"].sum() == pytest.approx(1, abs=0.05)
    assert along["distance_m"].tolist() == pytest.approx([6, 6], abs=0.1)
    assert (along["turn_deg"] < 0.1).all()


def test_direction_of_travel_counts_where_it_is_told():
    back = {"s": wkt((250, 6), (0, 6))}
    assert set(match_segments(back, TOWN, directed=True)["street"]) == {"main1~", "main2~"}
    assert not match_segments(back, TOWN).set_index("street").loc["main1", "is_along"]


def test_a_carriageway_of_its_own_is_told_from_the_other_one():
    street = [(0.0, 0.0), (300.0, 0.0)]
    dual = network(south=street, north=[(300.0, 18.0), (0.0, 18.0)])
    dual = dual.loc[["south", "north"]]
    lines = {"lower": wkt((0, 1), (300, 1)), "upper": wkt((0, 17), (300, 17))}
    found = match_segments(lines, dual)  # both drawn eastwards, as in Köln
    assert found.set_index("line")["street"].to_dict() == {"lower": "south", "upper": "north"}
    assert found.set_index("line")["is_along"].to_dict() == {"lower": True, "upper": False}


def test_crossings_and_what_is_too_far_are_no_match():
    assert match_segments({"s": wkt((50, 30), (150, 30))}, TOWN).empty
    cross = match_segments({"s": wkt((100, -150), (100, 150))}, TOWN)
    assert set(cross["street"]) == {"cross", "cross~"}


def test_a_bend_is_followed_and_parts_are_one():
    bent = network(first=[(0, 0), (200, 0)], second=[(200, 0), (200, 150)])
    parts = MultiLineString([
        [(EAST, NORTH + 3), (EAST + 203, NORTH + 3)],
        [(EAST + 203, NORTH + 3), (EAST + 203, NORTH + 150)],
    ])  # fmt: skip
    found = match_segments(gpd.GeoSeries([parts], index=["s"], crs=CRS), bent, directed=True)
    assert set(found["street"]) == {"first", "second"}
    assert found["line_part"].sum() > 0.9


def test_streets_without_cars_do_not_take_part():
    closed = TOWN.assign(allow_car=[not name.startswith("main") for name in TOWN.index])
    assert match_segments({"s": wkt((0, 6), (250, 6))}, closed).empty


def test_what_is_no_line_is_named():
    for wrong in ("POINT (7 50)", "LINESTRING EMPTY", "nonsense", "", "LINESTRING (7 50)"):
        with pytest.raises(ModelError, match=r"no lines: 1, e\.g\. bad"):
            match_segments({"good": wkt((0, 0), (9, 0)), "bad": wrong}, TOWN)
    assert match_segments({}, TOWN).empty
    assert match_segments({"s": wkt((0, 6), (250, 6))}, TOWN.iloc[:0]).empty


def test_wrong_segments_can_be_skipped():
    lines = {
        "good": wkt((0, 6), (250, 6)), "bad": "nonsense", "far": "LINESTRING (1e9 1e9, 2e9 2e9)",
        "nan": "LINESTRING (nan nan, 1 1)",
    }  # fmt: skip
    found = match_segments(lines, TOWN, skip_wrong=True, directed=True)
    assert set(found["street"]) == {"main1", "main2"}
    assert match_segments({"bad": "x"}, TOWN, skip_wrong=True).empty


def test_a_line_over_a_continent_is_cut_to_the_town():
    found = match_segments({"s": wkt((-900_000, 6), (0, 6), (250, 6), (700_000, 6))}, TOWN)
    along = found[found["is_along"]]
    assert {"main1", "main2", "far"} <= set(along["street"])
    assert found["line_part"].max() < 0.001
    elsewhere = match_segments({"s": "LINESTRING (20 40, 30 41)"}, TOWN)
    assert elsewhere.empty


def test_a_segment_of_no_length_finds_nothing_wrong():
    assert len(match_segments({"s": wkt((0, 6), (0, 6))}, TOWN)) == 0


def test_values_of_streets_are_weighed_by_length():
    matches = pd.DataFrame({
        "line": ["s", "s", "s", "t"], "street": ["a", "b", "none", "b"],
        "overlap_m": [100.0, 300.0, 999.0, 50.0],
    })  # fmt: skip
    values = pd.DataFrame({0: [1.0, 5.0], 1: [0.0, 2.0]}, index=["a", "b"])
    found = of_segments(matches, values)
    assert found.loc["s"].tolist() == pytest.approx([4.0, 1.5])
    assert found.loc["t"].tolist() == [5.0, 2.0]


def koeln_lines():
    """Read the segments of Köln; some identifiers come twice."""
    raw = json.loads(KOELN.read_text())["features"]
    shapes = [shapely.geometry.shape(feature["geometry"]) for feature in raw]
    return gpd.GeoSeries(shapes, [f["properties"]["IDENTIFIER"] for f in raw], crs=4326)


def streets_of(lines):
    """Cut lines into streets of 150 m, 5 m aside and in both directions, with cross streets."""
    shapes, owners = [], []
    for name, line in lines.items():
        for part in shapely.get_parts(line):
            moved = shapely.offset_curve(part, -5.0)
            steps = np.arange(0.0, moved.length, 150.0)
            for begin in steps:
                piece = shapely.ops.substring(moved, begin, min(begin + 150.0, moved.length))
                if piece.length < 40:
                    continue
                middle = piece.interpolate(0.5, normalized=True)
                shapes += [piece, piece.reverse()]
                owners += [name, f"{name}~"]
                x, y = middle.x, middle.y
                a, b = (np.array(piece.coords[i]) for i in (0, -1))
                across = np.array([-(b - a)[1], (b - a)[0]]) / max(np.hypot(*(b - a)), 1)
                shapes.append(LineString([(x, y) - 120 * across, (x, y) + 120 * across]))
                owners.append("crossing")
    frame = gpd.GeoDataFrame({"owner": owners, "geometry": shapes}, crs=CRS)
    return frame.set_axis([f"w{n}" for n in range(len(frame))]).assign(allow_car=True)


def _shares(lines, streets):
    """Return what part of each segment is covered, and by streets made from it."""
    found = match_segments(lines, streets, directed=True)
    own = streets["owner"].reindex(found["street"]).to_numpy() == found["line"].to_numpy()
    part = found["overlap_m"].where(own, 0.0).groupby(found["line"]).sum()
    whole = found["overlap_m"].groupby(found["line"]).sum()
    length = lines.to_crs(CRS).length
    return (whole / length).reindex(lines.index, fill_value=0), (part / whole), found, own


def test_segments_of_a_made_town_find_the_streets_they_were_made_from():
    rng = np.random.default_rng(7)
    lines = {}
    for number in range(12):
        aside = rng.normal(scale=25, size=12).cumsum() + number * 700
        north = rng.normal(scale=25, size=12).cumsum() + np.arange(12) * 90
        lines[f"s{number}"] = LineString(np.column_stack([EAST + aside, NORTH + north]))
    lines = gpd.GeoSeries(lines, crs=CRS)
    covered, right, *_ = _shares(lines, streets_of(lines))
    assert (covered > 0.85).all()
    assert (right > 0.97).all()


@pytest.mark.skipif(not KOELN.exists(), reason="the segments of Köln are not beside the project")
def test_segments_of_koeln_find_the_streets_made_from_them():
    lines = koeln_lines()
    lines = lines.set_axis([f"{name}/{number}" for number, name in enumerate(lines.index)])
    assert len(lines) == 113
    lines = lines.iloc[::3]
    covered, right, found, own = _shares(lines, streets_of(lines.to_crs(CRS)))
    assert (covered > 0.8).mean() > 0.95
    # some segments are given twice or side by side: the nearer carriageway may be another's
    assert found["overlap_m"].to_numpy()[own].sum() > 0.9 * found["overlap_m"].sum()
    assert right.median() > 0.95
