"""The command as people type it: what it prints, how it ends, what it leaves behind."""

import json
import os
import re
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from dash_app.cli import main
from layers.city_store import open_city, save_city
from tests.conftest import make_toy_city
from tests.town_files.weather import write_try

VILLAGE = """<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6" generator="hand">
 <node id="1" lat="50.8100" lon="7.1500"/><node id="2" lat="50.8100" lon="7.1510"/>
 <node id="3" lat="50.8100" lon="7.1520"/>
 <node id="11" lat="50.8101" lon="7.1501"/><node id="12" lat="50.8101" lon="7.1503"/>
 <node id="13" lat="50.8102" lon="7.1503"/><node id="14" lat="50.8102" lon="7.1501"/>
 <way id="100"><nd ref="1"/><nd ref="2"/><nd ref="3"/>
  <tag k="highway" v="residential"/><tag k="name" v="Am Bach"/></way>
 <way id="101"><nd ref="11"/><nd ref="12"/><nd ref="13"/><nd ref="14"/><nd ref="11"/>
  <tag k="building" v="house"/><tag k="building:levels" v="2"/>
  <tag k="addr:street" v="Am Bach"/><tag k="addr:housenumber" v="1"/></way>
</osm>
"""


@pytest.fixture
def village(tmp_path):
    path = tmp_path / "village.osm"
    path.write_text(VILLAGE)
    return path


@pytest.fixture
def folder(tmp_path):
    return save_city(make_toy_city(), tmp_path / "toytown")


def run(capsys, *arguments):
    """Run `twin` in this process; give exit code, output and error output."""
    with pytest.raises(SystemExit) as end:
        main([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err + printed.out
    return end.value.code, printed.out, printed.err


def test_build_info_and_check(capsys, village, tmp_path):
    out = tmp_path / "cities" / "village"
    code, said, _ = run(capsys, "--lang", "en", "build", village, "-o", out, "--name", "Bachdorf")
    assert code == 0
    assert "Bachdorf" in said
    code, said, _ = run(capsys, "info", out, "--json")
    told = json.loads(said)
    assert code == 0
    assert (told["name"], told["counts"]["buildings"], told["counts"]["streets"]) == (
        "Bachdorf", 1, 2,
    )  # fmt: skip
    assert told["hash"] == open_city(out).hash
    assert told["sources"][0]["licence"].startswith("ODbL")
    code, said, _ = run(capsys, "--lang", "en", "check", out, "--json")
    assert code == 0
    assert json.loads(said)["shares"]["buildings.storeys"]["tagged"] == 1


def test_several_sources_and_the_report_as_a_page(capsys, village, tmp_path, monkeypatch):
    """A map and a weather file become cities/<name>; the report opens without a network."""
    monkeypatch.chdir(tmp_path)
    year = write_try(tmp_path / "year.dat")
    code, said, _ = run(capsys, "--lang", "en", "build", village, year, "--name", "Bad Bachdorf")
    assert code == 0
    folder = tmp_path / "cities" / "bad-bachdorf"
    assert str(folder.relative_to(tmp_path)) in said
    city = open_city(folder)
    assert {source.key for source in city.info.sources} == {"osm", "weather"}
    page = tmp_path / "reports" / "quality.html"
    code, said, _ = run(capsys, "--lang", "de", "check", folder, "--report", page)
    assert code == 0
    assert str(page) in said
    text = page.read_text("utf-8")
    assert "Qualitätsbericht: Bad Bachdorf" in text
    assert not re.search(r"<script|<link|src=|url\(", text)


def test_strangers_in_a_folder_are_named(capsys, village, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    village.rename(folder / "village.osm")
    (folder / "letter.docx").write_text("dear")
    code, said, _ = run(capsys, "--lang", "en", "build", folder, "-o", tmp_path / "x")
    assert code == 0
    assert "1 files are of no kind known here and were passed over, e.g. letter.docx." in said


def test_an_area_that_is_none_is_said(capsys, village, tmp_path):
    (tmp_path / "area.geojson").write_text("nothing")
    code, _, said = run(capsys, "build", village, "--area", tmp_path / "area.geojson",
                        "-o", tmp_path / "x")  # fmt: skip
    assert code == 1
    assert "area.geojson" in said
    assert not (tmp_path / "x").exists()


def test_the_same_file_gives_the_same_hash(capsys, village, tmp_path):
    for name in ("one", "two"):
        assert run(capsys, "build", village, "-o", tmp_path / name)[0] == 0
    assert open_city(tmp_path / "one").hash == open_city(tmp_path / "two").hash


def test_info_and_check_speak_german_by_default(capsys, folder, monkeypatch):
    for name in ("TWIN_LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    code, said, _ = run(capsys, "info", folder)
    assert code == 0
    assert re.search(r"Gebäude\D+3\b", said)
    code, said, _ = run(capsys, "check", folder)
    assert code == 0
    assert "geschätzt" in said


def test_check_finds_a_damaged_file(capsys, folder):
    broken = next(folder.glob("streets-*.parquet"))
    broken.write_bytes(broken.read_bytes()[:-10])
    code, said, _ = run(capsys, "--lang", "en", "check", folder)
    assert code == 1
    assert "streets" in said
    code, said, _ = run(capsys, "check", folder, "--json")
    assert code == 1
    assert json.loads(said)["sound"] is False
    code, _, said = run(capsys, "--lang", "en", "serve", folder)
    assert code == 1
    assert "is damaged: streets" in said


def test_each_mistake_gets_one_clear_line(capsys, tmp_path, folder):
    nonsense = tmp_path / "nonsense.osm.pbf"
    nonsense.write_bytes(b"PK\x03\x04 a zip in disguise")
    letters = tmp_path / "letters"
    letters.mkdir()
    (letters / "letter.txt").write_text("dear")
    mistakes = [
        (("build", tmp_path / "absent.osm.pbf", "-o", tmp_path / "x"), 1, "absent.osm.pbf"),
        (("build", nonsense, "-o", tmp_path / "x"), 1, "nonsense.osm.pbf"),
        (("build", tmp_path, "-o", tmp_path / "x"), 1, str(tmp_path)),
        (("serve", tmp_path / "nowhere"), 1, "nowhere"),
        (("info", letters), 1, "letters"),
        (("demo", "-o", folder), 1, "Toytown"),
        (("serve", folder, "--port", "99999"), 2, "65535"),
        (("--lang", "fr", "info", folder), 2, "--lang"),
        (("fly",), 2, "fly"),
    ]
    for arguments, expected, word in mistakes:
        code, _, said = run(capsys, *arguments)
        assert code == expected, arguments
        assert word in said.replace("\n", ""), arguments
        if expected == 1:
            assert said.count("\n") == 1, f"{arguments}: more than one line: {said}"
    assert not (tmp_path / "x").exists()
    assert [path.name for path in letters.iterdir()] == ["letter.txt"]


def test_a_port_in_use_is_said_before_anything_loads(capsys, folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, said = run(capsys, "serve", folder, "--port", port)
    assert code == 1
    assert str(port) in said


def test_cancel_and_faults_of_the_program_end_clean(capsys, village, tmp_path, monkeypatch):
    def stop(*_args, **_kw):
        raise KeyboardInterrupt

    def fail(*_args, **_kw):
        raise RuntimeError("the roof is on fire")

    out = tmp_path / "out"
    for replacement, expected in ((stop, 130), (fail, 70)):
        monkeypatch.setattr("dash_app.commands.save_city", replacement)
        code, _, said = run(capsys, "build", village, "-o", out)
        assert code == expected
        assert said.strip().count("\n") == 0
    assert "the roof is on fire" in said
    assert not out.exists()


def test_serve_announces_answers_and_stops(folder):
    with subprocess.Popen(
        [sys.executable, "-m", "dash_app.cli", "serve", str(folder), "--port", "0"],
        stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONUNBUFFERED": "1", "TWIN_STORE": str(folder / "p.sqlite")},
    ) as process:  # fmt: skip
        address = re.search(r"http://\S+", process.stdout.readline()).group()
        with urllib.request.urlopen(address, timeout=20) as page:
            assert page.status == 200
            assert "text/html" in page.headers["content-type"]
        process.terminate()
        assert process.wait(timeout=20) in {0, -15}
