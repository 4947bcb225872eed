"""Whatever is no sound OpenStreetMap file gives one clear sentence."""

import bz2
import gzip
import shutil
import subprocess
import zipfile

import osmium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.osm import read_osm
from layers.osm.formats import sniff_format
from tests.conftest import shared
from tests.layers.osm.make import Osm, box
from twin.errors import SourceError, TwinError
from twin.hashing import hash_table

MARKET = {"highway": "residential", "name": "Markt"}


def town():
    osm = Osm()
    osm.way([osm.node(0, 0), osm.node(100, 0)], MARKET)
    osm.area(box(10, 10, 10, 10), {"building": "house"})
    return osm


def pbf(folder):
    xml = town().write(folder, "town.osm")
    path = folder / "town.osm.pbf"
    with osmium.SimpleWriter(str(path)) as writer:
        for item in osmium.FileProcessor(str(xml)):
            writer.add(item)
    return path


def hashes(data):
    return {name: hash_table(frame) for name, frame in data.tables.items()}


def test_every_format_gives_the_same_tables_whatever_the_name(tmp_path):
    xml = town().write(tmp_path)
    expected = hashes(read_osm(xml))
    text = xml.read_bytes()
    (tmp_path / "a.osm.gz").write_bytes(gzip.compress(text))
    (tmp_path / "a.osm.bz2").write_bytes(bz2.compress(text))
    shutil.copy(pbf(tmp_path), tmp_path / "really-pbf.osm")
    for name in ("a.osm.gz", "a.osm.bz2", "town.osm.pbf", "really-pbf.osm"):
        assert hashes(read_osm(tmp_path / name)) == expected, name


def test_ways_before_their_nodes_are_read_alike(tmp_path):
    expected = hashes(read_osm(town().write(tmp_path)))
    turned = town().write(tmp_path, "turned.osm", order=("relation", "way", "node"))
    data = read_osm(turned)
    assert hashes(data) == expected
    assert "osm_node_missing" not in {f.code for f in data.findings}


def zipped(folder):
    path = folder / "town.osm.pbf"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("town.osm", "<osm/>")
    return path


def cut_in_half(folder):
    path = pbf(folder)
    path.write_bytes(path.read_bytes()[:-40])
    return path


def scrambled(folder):
    path = pbf(folder)
    data = bytearray(path.read_bytes())
    data[-60:-20] = b"\xff" * 40
    path.write_bytes(data)
    return path


def written(name, content):
    def make(folder):
        path = folder / name
        path.write_bytes(content)
        return path

    return make


XML = town().text().encode()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda folder: folder / "absent.osm", "no file"),
        (lambda folder: folder, "folder"),
        (written("a.osm.pbf", b""), "is empty"),
        (zipped, "ZIP archive"),
        (cut_in_half, "damaged or cut short"),
        (scrambled, "damaged or cut short"),
        (written("a.osm.gz", b"\x1f\x8b" + b"nonsense" * 9), "cannot be unpacked"),
        (written("a.osm.gz", gzip.compress(b"hello" * 99)), "not an OpenStreetMap file"),
        (written("a.osm.gz", gzip.compress(XML)[:-30]), "damaged"),
        (written("a.osm.bz2", bz2.compress(XML)[:-30]), "damaged"),
        (written("a.osm.bz2", b"BZh9nonsense"), "cannot be unpacked"),
        (written("a.osm", XML[: len(XML) // 2]), "damaged or cut short"),
        (written("a.osm", b"<!DOCTYPE html><html>504 Gateway</html>"), "web page"),
        (written("a.osm", b'{"elements": []}'), "not an OpenStreetMap file"),
        (written("a.osm", b"<gpx></gpx>"), "not an OpenStreetMap file"),
        (written("a.osm", XML.replace(b'lon="9.0', b'lon="999.0', 1)), "damaged"),
        (written("a.osm", XML.replace(b'ref="1"', b'ref="one"', 1)), "damaged"),
    ],
)
def test_bad_file_is_named_with_what_to_do(tmp_path, make, says):
    path = make(tmp_path)
    with pytest.raises(SourceError) as caught:
        read_osm(path)
    text = str(caught.value)
    assert says in text
    assert str(path) in text
    assert caught.value.hint
    assert "Traceback" not in text


def test_file_without_read_permission_is_named(tmp_path, monkeypatch):
    path = town().write(tmp_path)

    def refuse(*_args, **_kw):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(SourceError, match="cannot be opened: Permission denied"):
        read_osm(path)


@settings(max_examples=40)
@given(st.binary(min_size=1, max_size=400), st.sampled_from(["", "\x1f\x8b", "BZh", "<osm>"]))
def test_noise_never_gives_anything_but_a_source_error(tmp_path_factory, noise, head):
    path = tmp_path_factory.mktemp("noise") / "noise.osm.pbf"
    path.write_bytes(head.encode("latin-1") + noise)
    with pytest.raises(SourceError):
        read_osm(path)


@pytest.mark.parametrize(
    "text", ["<osm version='0.6'></osm>", "<osm version='0.6'><bounds/></osm>"]
)
def test_sound_file_without_anything_is_no_place(tmp_path, text):
    path = tmp_path / "nothing.osm"
    path.write_text(text)
    assert sniff_format(path) == "osm"
    with pytest.raises(SourceError, match="neither buildings nor streets"):
        read_osm(path)


def test_only_buildings_or_only_streets_are_read(tmp_path):
    osm = Osm()
    osm.area(box(0, 0, 10, 10), {"building": "yes"})
    data = read_osm(osm.write(tmp_path))
    assert len(data.tables["buildings"]) == 1
    assert data.tables["streets"].empty
    osm = Osm()
    osm.way([osm.node(0, 0), osm.node(100, 0)], MARKET)
    data = read_osm(osm.write(tmp_path))
    assert len(data.tables["streets"]) == 2
    assert data.tables["buildings"].empty


def test_the_far_south_is_refused_in_words(tmp_path):
    osm = Osm()
    osm.way([1, 2], MARKET)
    text = osm.text().replace(
        "</osm>", '<node id="1" lat="-89" lon="0"/><node id="2" lat="-89" lon="1"/></osm>'
    )
    path = tmp_path / "pole.osm"
    path.write_text(text)
    with pytest.raises(TwinError, match="outside the UTM zones"):
        read_osm(path)


def test_an_id_twice_is_counted_and_the_newest_stays(tmp_path):
    osm = town()
    n = [osm.node(0, 50), osm.node(100, 50)]
    for kind in ("residential", "primary"):
        osm.way(n, {"highway": kind}, number=700)
    path = tmp_path / "twice.osm"
    before, _, after = osm.text().rpartition('<way id="700" version="1"')
    path.write_text(before + '<way id="700" version="2"' + after)
    data = read_osm(path)
    assert data.tables["streets"].loc["osm:w700:0:f", "class"] == "primary"
    found = [f for f in data.findings if f.code == "osm_duplicate_id"]
    assert [(f.count, f.examples) for f in found] == [(1, ("osm:w700",))]


def test_objects_out_of_order_are_read_alike(tmp_path):
    expected = hashes(read_osm(town().write(tmp_path)))
    osm = town()
    for lines in osm.lines.values():
        lines.reverse()
    assert hashes(read_osm(osm.write(tmp_path, "reversed.osm"))) == expected


def test_progress_rises_to_the_end_and_may_cancel(tmp_path):
    path = town().write(tmp_path)
    seen = []
    read_osm(path, progress=lambda step, share: seen.append((step, share)))
    shares = [share for _, share in seen]
    assert shares == sorted(shares)
    assert 0 <= shares[0] < shares[-1] <= 1

    def cancel(_step, _share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_osm(path, progress=cancel)


def test_source_says_where_it_comes_from(tmp_path):
    source = read_osm(town().write(tmp_path, "bad-honnef.osm")).source
    assert source.date == "2024-05-06"
    assert source.licence == "ODbL-1.0"
    assert len(source.sha256) == 64
    assert read_osm(town().write(tmp_path, "bad-honnef.osm")).name == "Bad Honnef"
    assert read_osm(town().write(tmp_path), name="Köln").name == "Köln"


def test_a_real_extract_cut_in_the_middle_is_named(tmp_path):
    whole = shared("data/osm/helsinki-centre.osm.pbf").read_bytes()
    path = tmp_path / "cut.osm.pbf"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match="damaged or cut short"):
        read_osm(path)


def test_osmium_tool_calls_our_hand_made_files_sound(tmp_path):
    if shutil.which("osmium") is None:
        pytest.skip("needs osmium-tool")
    path = town().write(tmp_path)
    done = subprocess.run(["osmium", "check-refs", str(path)], capture_output=True, check=False)
    assert done.returncode == 0
