"""Which area a name, an id, a box or a shape means."""

import re

import pytest
import shapely

from layers.place import choose, find_place
from tests.osm_server import as_place
from tests.osm_town import TOWN
from twin.errors import SourceError


def place(net, text):
    return find_place(
        text,
        cache_dir=net.folder,
        nominatim=net.endpoints.nominatim,
        manners=net.endpoints.manners,
    )


def test_a_name_gives_its_boundary(net):
    found = place(net, " Musterstadt ")
    assert (found.name, found.osm_id) == ("Musterstadt", "R9004")
    assert found.boundary.equals(shapely.box(*TOWN))


@pytest.mark.parametrize("text", ["R9004", "r9004", "relation/9004"])
def test_an_id_gives_its_boundary(net, text):
    assert place(net, text).name == "Musterstadt"
    assert net.server.asked("search") == []


def test_a_place_is_asked_for_once(net):
    assert place(net, "Musterstadt").boundary.equals(place(net, "Musterstadt").boundary)
    assert len(net.server.seen) == 2


def test_an_unknown_place(net):
    with pytest.raises(SourceError, match=r"No place called Nirgendwo .*spelling"):
        net.fetch("Nirgendwo")
    with pytest.raises(SourceError, match=r"no object R77.*by its name"):
        net.fetch("R77")


def test_a_place_that_is_only_a_point(net):
    with pytest.raises(
        SourceError, match=r"only a point or line .*\(Punktdorf, Deutschland\)"
    ) as e:
        net.fetch("Punktdorf")
    assert "west, south, east, north" in e.value.hint


def test_a_way_that_is_only_a_line(net):
    line = shapely.LineString([(13, 53), (13.1, 53)])
    net.server.extra_places.append(as_place("way", 5, "Langer Weg", line, importance=0.3))
    with pytest.raises(SourceError, match="only a point or line"):
        net.fetch("Langer Weg")


def twins(*importances):
    return [
        as_place("relation", 100 + i, "Neustadt", shapely.box(i, 50, i + 0.1, 50.1), importance=v)
        for i, v in enumerate(importances)
    ]


def test_a_name_of_several_places_lists_them(net):
    net.server.extra_places += twins(0.41, 0.44, 0.45, 0.2)
    with pytest.raises(SourceError, match="means several places") as caught:
        net.fetch("Neustadt")
    assert re.findall(r"R\d+(?=  Neustadt)", str(caught.value)) == ["R102", "R101", "R100"]
    assert "give the id in front" in caught.value.hint
    assert net.server.asked("lookup") == []


def test_the_clearly_most_important_place_is_meant(net):
    net.server.extra_places += twins(0.8, 0.5, 0.5)
    assert place(net, "Neustadt").osm_id == "R100"


def test_a_name_made_more_exact_is_found(net):
    one, two = twins(0.45, 0.45)
    two["display_name"] = "Neustadt, Hessen, Deutschland"
    net.server.extra_places += [one, two]
    assert place(net, "Neustadt, Hessen").osm_id == "R101"


def test_municipalities_win_over_other_areas_of_the_name():
    town, park = twins(0.3, 0.6)
    park |= {"category": "leisure", "type": "park"}
    assert choose("Neustadt", [park, town]) == "R100"
    assert choose("Neustadt", [park]) == "R101"
    older = {k: v for k, v in town.items() if k != "category"} | {"class": "boundary"}
    assert choose("Neustadt", [park, older]) == "R100"


@pytest.mark.parametrize("where", ["search", "lookup"])
@pytest.mark.parametrize("fault", [429, 504, "half", "page", "garbage", "reset"])
def test_a_geocoder_out_of_order_is_asked_again(net, where, fault):
    net.server.misbehave(where, fault, fault)
    assert place(net, "Musterstadt").name == "Musterstadt"
    assert len(net.pauses) == 2


@pytest.mark.parametrize("where", ["search", "lookup"])
@pytest.mark.parametrize("fault", [429, 403, "page", "garbage", "half"])
def test_a_geocoder_that_stays_out_of_order_is_said(net, where, fault):
    net.server.misbehave(where, *[fault] * 5)
    with pytest.raises(SourceError, match=r"127\.0\.0\.1"):
        place(net, "Musterstadt")
    assert list(net.folder.iterdir()) == []
