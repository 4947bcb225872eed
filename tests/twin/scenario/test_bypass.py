"""The natural experiment L 332n is drawn where the model town and the facts have it."""

import json
from importlib.resources import files
from pathlib import Path

import pytest
import shapely

from tests.conftest import CRS, shared
from twin.scenario import load_scenario

ROOT = Path(__file__).parents[3]
EXPERIMENT = load_scenario((ROOT / "data/scenarios/bypass_l332n.json").read_text("utf-8"))
CLOSED, FIRST, SECOND = EXPERIMENT.measures


def test_it_is_closed_first_and_then_built_in_two_sections():
    assert [m.is_a for m in EXPERIMENT.measures] == ["street_closure", "new_link", "new_link"]
    assert EXPERIMENT.stages == (2016, 2018, 2026)
    assert [m.start_year for m in EXPERIMENT.measures] == [2016, 2018, 2026]


def test_it_follows_the_freehand_course_of_the_landscape():
    landscape = json.loads(
        files("layers.sample_city").joinpath("landscape.json").read_text(encoding="utf-8")
    )
    road = next(r for r in landscape["roads"] if r["ref"] == "L 332" and "esch_n" in r["via"])
    points = [landscape["points"][p] if isinstance(p, str) else p for p in road["via"]]
    drawn = shapely.union_all([m.line.geometry(CRS) for m in (FIRST, SECOND)])
    closed = CLOSED.select.line.geometry(CRS)
    until = next(n for n, p in enumerate(road["via"]) if p == "bergheim_n")
    for place in points[: until + 1]:
        assert shapely.Point(place).distance(drawn) < 40, place
        assert shapely.Point(place).distance(closed) < 40, place


def test_its_sections_are_about_as_long_as_in_fact():
    facts = json.loads(shared("refs/troisdorf/facts.json").read_text("utf-8"))
    facts = facts if isinstance(facts, list) else facts["facts"]
    known = next(f["value"] for f in facts if f["id"] == "mobility.l332n")
    for measure, name in ((FIRST, "section1_km"), (SECOND, "section2_km")):
        length_km = measure.line.geometry(CRS).length / 1000
        assert length_km == pytest.approx(known[name], rel=0.12)
