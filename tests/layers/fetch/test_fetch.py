"""`fetch` against an office that holds real formats and misbehaves as real servers do."""

import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import geopandas as gpd
import pytest
import shapely

import layers.fetch as package
from layers.fetch import default_folder, engine, fetch, fetched_folder, lines
from layers.fetch.boundary import tiles_of
from layers.fetch.municipalities import find_municipality
from layers.web import Manners
from tests.layers.fetch.office import (
    CDC,
    NRW,
    TOWN,
    Busy,
    address_book,
    boundary_gml,
    fill_office,
    outline,
    tiles,
)
from tests.osm_server import serve
from twin.errors import SourceError

TILES = ("lod2", "dgm1", "ndom50")
ALL = (*TILES, "cadastre", "addresses", "solar", "heat", "census", "weather")
FIRST = f"{tiles()[0][0]}_{tiles()[0][1]}"


@pytest.fixture
def server():
    with serve() as running:
        yield running


@pytest.fixture
def office(server):
    return fill_office(server)


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def get(server, pauses, tmp_path):
    def get(what=TILES, **how):
        manners = Manners(attempts=3, connect_timeout_s=5, read_timeout_s=5, sleep=pauses.append)
        options = {"addresses": address_book(server.url), "manners": manners, **how}
        return fetch("Schwelm", tmp_path / "town", what=what, **options)

    return get


@pytest.fixture
def town(tmp_path):
    return tmp_path / "town"


def lod2(place: str = FIRST) -> str:
    return f"LoD2_32_{place}_1_NW.gml"


def visible(folder):
    """Files a build would see."""
    paths = (p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)) for p in paths if ".fetch" not in p.parts}


def test_everything_arrives_whole_with_licence_and_checksum(get, office, town):
    report = get(ALL)
    assert report.complete, report.faults
    by_name = {path.rpartition("/")[2]: body for path, body in office.items()}
    for file in report.files:
        body = (town / file.path).read_bytes()
        assert body == by_name[file.path.rpartition("/")[2]]
        assert hashlib.sha256(body).hexdigest() == file.sha256
        assert (file.size, file.licence != "") == (len(body), True)
    assert {file.product for file in report.files} == set(ALL)
    assert sum(file.product == "lod2" for file in report.files) == len(tiles())
    for product in ALL:
        assert "Lizenz / licence: " in (town / product / "LICENCE.txt").read_text("utf-8")
    assert "dl-de/zero-2-0" in (town / "lod2" / "LICENCE.txt").read_text("utf-8")
    assert not [path for path in visible(town) if path.endswith((".part", ".json"))
                and path != "fetched.json"]  # fmt: skip


def test_the_manifest_says_what_lies_there(get, office, town):
    report = get(ALL)
    known = json.loads((town / "fetched.json").read_text("utf-8"))
    assert (known["place"], known["ags"]) == ("Schwelm", "05954024")
    assert known["boundary"] == "boundary.geojson"
    assert {f["path"] for f in known["files"]} == {f.path for f in report.files}
    kinds = {f["product"]: f["kind"] for f in known["files"]}
    assert (kinds["lod2"], kinds["dgm1"], kinds["ndom50"]) == (
        "citymodel",
        "terrain",
        "above_ground",
    )
    boundary = gpd.read_file(town / "boundary.geojson")
    assert boundary.crs.to_epsg() == 4326
    moved = boundary.to_crs("EPSG:25832").geometry.iloc[0]
    assert moved.symmetric_difference(outline()).area < 10  # of 5 km²: degrees to eight digits
    assert boundary["ags"].iloc[0] == "05954024"


def test_the_newest_year_in_the_list_wins(get, office, town):
    get(("dgm1",))
    assert (town / "dgm1" / f"dgm1_32_{FIRST}_1_nw_2024.tif").exists()
    assert not (town / "dgm1" / f"dgm1_32_{FIRST}_1_nw_2022.tif").exists()


def test_a_second_run_asks_nobody(get, server, office):
    first = get(ALL)
    asked = len(server.seen)
    second = get(ALL)
    assert len(server.seen) == asked
    assert (second.files, second.new) == (first.files, ())


def test_damaged_and_lost_files_come_anew(get, server, office, town):
    before = get()
    damaged = town / "lod2" / lod2()
    content = damaged.read_bytes()
    damaged.write_bytes(content.replace(b"x", b"y"))  # as large as before
    (town / "ndom50" / f"ndom50_32{FIRST}_1_nw_2025.tif").unlink()
    asked = len(server.seen)
    after = get()
    assert {s.path.rpartition("/")[2] for s in server.seen[asked:]} == {
        lod2(), f"ndom50_32{FIRST}_1_nw_2025.tif",
    }  # fmt: skip
    assert damaged.read_bytes() == content
    assert [f.sha256 for f in after.files] == [f.sha256 for f in before.files]


def test_a_damaged_manifest_is_no_trouble(get, office, town):
    get(("cadastre",))
    for text in ("{", "[]", '{"files": [{"path": "../x"}]}'):
        (town / "fetched.json").write_text(text)
        assert len(get(("cadastre",)).new) == 1


def test_a_broken_connection_is_continued(get, server, office, town):
    path, body = f"{NRW}/3dg/lod2_gml/lod2_gml/{lod2()}", b"<a>" + bytes(500_000)
    server.files[path] = (body, {"ETag": '"big"', "Accept-Ranges": "bytes"})
    server.misbehave(lod2(), "half")
    report = get()
    assert report.complete
    again = [s for s in server.seen if s.path.endswith(lod2())]
    assert len(again) == 2
    assert 100_000 < int(again[1].headers["Range"].strip("bytes=-")) <= 250_000
    assert (town / "lod2" / lod2()).read_bytes() == body


@pytest.mark.parametrize("fault", [503, "reset", (429, {"Retry-After": "7"})])
def test_what_passes_is_asked_again(get, server, office, pauses, fault):
    server.misbehave(lod2(), fault)
    assert get().complete
    assert len(server.asked(lod2())) == 2
    assert pauses
    if isinstance(fault, tuple):
        assert 7.0 in pauses


def test_all_wait_when_the_host_asks_for_it(server, office):
    cancelled = threading.Event()
    waited = []
    host = engine.Host(Manners(sleep=waited.append), cancelled)
    host.manners.sleep(30.0)  # one worker was told to wait
    host.enter()  # the next one comes
    assert waited[0] == 30.0
    assert 29.0 < waited[1] <= 30.0


def test_few_at_a_time(server, office, tmp_path, monkeypatch):
    busy = Busy()
    original = engine.download

    def counted(*args, **how):
        with busy:
            return original(*args, **how)

    monkeypatch.setattr(engine, "download", counted)
    fetch("Schwelm", tmp_path, what=TILES, addresses=address_book(server.url), workers=16)
    assert 1 < busy.most <= engine.AT_A_HOST


def test_a_tile_the_office_lacks_is_counted_not_fatal(server, get):
    fill_office(server, missing=(f"{NRW}/3dg/lod2_gml/lod2_gml/{lod2()}",))
    report = get()
    assert report.complete
    assert report.absent == {"lod2": (FIRST,)}
    assert not server.asked(lod2())  # the list said so
    said = [template.format(**values) for template, values in lines(report)]
    assert "lod2: 1 tiles at the border are not in the office's stock." in said


def test_a_tile_listed_but_gone_is_counted(get, server, office):
    del server.files[f"{NRW}/3dg/lod2_gml/lod2_gml/{lod2()}"]
    report = get()
    assert (report.complete, report.absent) == (True, {"lod2": (FIRST,)})


def test_a_product_wholly_gone_is_a_fault_and_others_come(get, server, office):
    for path in [p for p in server.files if "LoD2" in p]:
        del server.files[path]
    report = get()
    assert not report.complete
    assert report.failed == ("lod2",)
    assert str(report.faults[0]).startswith("lod2: not one tile of Schwelm is there.")
    assert {f.product for f in report.files} == {"dgm1", "ndom50"}


def test_no_tile_in_the_list_is_a_fault(get, server, office):
    listing = {"datasets": [{"files": [{"name": "LoD2_32_999_9999_1_NW.gml"}]}]}
    server.files[f"{NRW}/3dg/lod2_gml/lod2_gml/index.json"] = (json.dumps(listing).encode(), {})
    report = get(("lod2", "dgm1"))
    assert report.failed == ("lod2",)
    assert "none of the" in str(report.faults[0])


def test_a_district_without_file_is_a_fault(get, server, office):
    other = b'<dataset><file name="gru_vereinf_05315000_x_EPSG25832_GeoPackage.zip"/></dataset>'
    server.files[f"{NRW}/lk/akt/gru_vereinfacht_gpkg/"] = (other, {})
    report = get(("cadastre", "solar"))
    assert report.failed == ("cadastre",)
    assert [f.product for f in report.files] == ["solar"]


def test_without_lists_names_are_guessed(get, server, office):
    for path in [p for p in server.files if p.endswith(("index.json", "/"))]:
        del server.files[path]
    report = get((*TILES, "cadastre", "solar"))
    assert report.complete
    assert set(report.unlisted) == {*TILES, "cadastre", "solar"}
    assert {f.product for f in report.files} == {*TILES, "cadastre", "solar"}


def test_the_list_cannot_lead_out_of_the_folder(get, server, office, town):
    evil = "../../../gru_vereinf_05954000_evil_EPSG25832_GeoPackage.zip"
    server.files[f"{NRW}/lk/akt/gru_vereinfacht_gpkg/"] = (
        f'<dataset><file name="gru_vereinf_05954000_/{evil}"/></dataset>'.encode(), {},
    )  # fmt: skip
    get(("cadastre",))
    assert not list(town.parent.glob("*.zip"))


def test_cancelled_nothing_is_half_and_the_next_run_goes_on(get, server, office, town):
    def cancel(_step, share):
        if share > 0.5:
            raise KeyboardInterrupt

    before = set(threading.enumerate())
    with pytest.raises(KeyboardInterrupt):
        get(progress=cancel)
    assert len(set(threading.enumerate()) - before) < 10
    known = json.loads((town / "fetched.json").read_text("utf-8"))["files"]
    assert 0 < len(known) < 3 * len(tiles())
    for file in known:
        assert hashlib.sha256((town / file["path"]).read_bytes()).hexdigest() == file["sha256"]
    asked = len(server.seen)
    report = get()
    assert report.complete
    assert len(report.files) == 3 * len(tiles())
    assert len(report.new) == 3 * len(tiles()) - len(known)
    assert len(server.seen) - asked <= len(report.new) + 4  # workers that were just at it


def test_cancelled_while_a_server_makes_wait(server, office, tmp_path):
    """Ctrl+C must not wait for the ten minutes a server asked for."""
    server.misbehave(lod2(), *[(503, {"Retry-After": "600"})] * 3)

    def cancel(step, _share):
        if step == "Downloading" and server.asked(lod2()):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(
            "Schwelm", tmp_path, what=TILES, addresses=address_book(server.url),
            manners=Manners(longest_wait_s=1000), progress=cancel,
        )  # fmt: skip


class Slow(BaseHTTPRequestHandler):
    """Knows one kind of file, and gives it drop by drop."""

    def do_GET(self):
        if not self.path.endswith(".zip"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", "100000000")
        self.send_header("ETag", '"slow"')
        self.end_headers()
        for _ in range(400):
            self.wfile.write(b"PK" + bytes(70_000))
            time.sleep(0.02)

    def log_message(self, *_):
        """Stay quiet."""


class Quiet(ThreadingHTTPServer):
    def handle_error(self, *_):
        """Say nothing when the client hangs up."""


def test_a_slow_server_can_be_left_and_what_came_is_kept(tmp_path):
    def cancel(step, share):
        if step == "Downloading" and share > 0.001:
            raise KeyboardInterrupt

    with Quiet(("127.0.0.1", 0), Slow) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        book = address_book(f"http://127.0.0.1:{http.server_address[1]}")
        with pytest.raises(KeyboardInterrupt):
            fetch("Schwelm", tmp_path, what=("solar",), addresses=book, progress=cancel)
        http.shutdown()
    assert visible(tmp_path) == {"fetched.json", "solar/LICENCE.txt"}
    (part,) = (tmp_path / ".fetch").glob("*.zip.part")
    assert 0 < part.stat().st_size < 100_000_000


def test_a_full_disk_ends_it_and_what_is_complete_stays(get, server, office, town, monkeypatch):
    seen = []
    original = engine.download

    def fill_up(url, **how):
        seen.append(url)
        if len(seen) > 20:
            raise SourceError("The disk is full; {path} was not written.", path="x")
        return original(url, **how)

    monkeypatch.setattr(engine, "download", fill_up)
    with pytest.raises(SourceError, match="disk is full"):
        get()
    monkeypatch.undo()
    known = json.loads((town / "fetched.json").read_text("utf-8"))["files"]
    assert len(known) >= 10
    assert get().complete


def test_what_cannot_fit_is_not_begun(get, server, office, monkeypatch):
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(engine.shutil, "disk_usage", lambda _: usage)
    asked = len(server.asked(lod2()))
    with pytest.raises(SourceError, match="disk is full"):
        get()
    assert len(server.asked(lod2())) == asked


def test_a_message_in_place_of_a_tile_is_refused(get, server, office, town):
    server.files[f"{NRW}/hm/ndom50_tiff/ndom50_tiff/ndom50_32{FIRST}_1_nw_2025.tif"] = (
        b"Wartungsarbeiten", {},
    )  # fmt: skip
    report = get()
    assert report.failed == ("ndom50",)
    assert "gives no tif file" in str(report.faults[0])
    assert not (town / "ndom50" / f"ndom50_32{FIRST}_1_nw_2025.tif").exists()


def test_other_errors_are_reported_and_the_rest_comes(get, server, office):
    server.misbehave(lod2(), 403)
    report = get()
    assert (report.failed, len(report.files)) == (("lod2",), 3 * len(tiles()) - 1)


def test_without_boundary_the_bounding_box_serves(get, server, office, town):
    del server.files["geobasis/wfs_nw_alkis_vereinfacht"]
    report = get(("lod2",))
    assert not report.boundary
    assert len(report.boundary_faults) == 2
    box = tiles_of(TOWN, None)
    assert len(report.files) + len(report.absent["lod2"]) == len(box)
    assert json.loads((town / "fetched.json").read_text("utf-8"))["boundary"] is None
    assert not (town / "boundary.geojson").exists()


def test_a_boundary_somewhere_else_is_not_believed(get, server, office):
    wrong = boundary_gml(shape=shapely.box(300_000, 5_600_000, 301_000, 5_601_000))
    server.files["geobasis/wfs_nw_alkis_vereinfacht"] = (wrong, {})
    server.files["wfs_vg250"] = (boundary_gml(), {})  # the second service knows better
    report = get(("lod2",))
    assert (report.boundary, len(report.files)) == (True, len(tiles()))


def test_a_new_year_takes_the_place_of_the_old(get, server, office, town, monkeypatch):
    get(("ndom50",))
    old = f"ndom50_32{FIRST}_1_nw_2025.tif"
    folder = f"{NRW}/hm/ndom50_tiff/ndom50_tiff"
    server.files[f"{folder}/{old.replace('2025', '2027')}"] = server.files[f"{folder}/{old}"]
    listing = json.loads(server.files[f"{folder}/index.json"][0])
    listing["datasets"][0]["files"].append({"name": old.replace("2025", "2027"), "size": "9"})
    server.files[f"{folder}/index.json"] = (json.dumps(listing).encode(), {})
    monkeypatch.setattr("layers.fetch.listing.LIST_AGE_DAYS", -1.0)
    report = get(("ndom50",))
    assert [f.path for f in report.new] == [f"ndom50/{old.replace('2025', '2027')}"]
    assert not (town / "ndom50" / old).exists()


def test_the_station_is_the_nearest_that_still_measures_sun(get, office, town):
    get(("weather",))
    names = {path.name for path in (town / "weather").glob("*.zip")}
    assert names == {
        "stundenwerte_TU_02667_19600101_20251231_hist.zip", "stundenwerte_ST_02667_row.zip",
        "stundenwerte_FF_02667_19600101_20251231_hist.zip",
    }  # fmt: skip


def test_no_list_of_stations_is_a_fault(get, server, office):
    del server.files[f"{CDC}/solar/ST_Stundenwerte_Beschreibung_Stationen.txt"]
    report = get(("weather", "solar"))
    assert report.failed == ("weather",)


def test_a_dry_run_lists_addresses_and_sizes_and_fetches_nothing(get, server, office, town):
    report = get(ALL, dry_run=True)
    assert not report.files
    assert len(report.planned) == 3 * len(tiles()) + 13
    sizes = {item.url.rpartition("/")[2]: item.size for item in report.planned}
    assert sizes[lod2()] == len(office[f"{NRW}/3dg/lod2_gml/lod2_gml/{lod2()}"])
    said = [template.format(**values) for template, values in lines(report)]
    assert any(lod2() in line and "MB" in line for line in said)
    assert visible(town) == {"boundary.geojson"}
    assert not server.asked(lod2())


def test_unknown_products_are_refused_before_anything_is_asked(get, server):
    with pytest.raises(SourceError, match=r"gold is nothing that can be fetched; known are lod2"):
        get(("lod2", "gold"))
    assert not server.seen


def test_progress_ends_with_all_and_never_goes_back(get, office):
    steps = []
    get(ALL, progress=lambda step, share: steps.append((step, share)))
    shares = [share for _, share in steps]
    assert shares == sorted(shares)
    assert steps[-1] == ("Done", 1.0)
    assert "Downloading" in {step for step, _ in steps}


def test_the_build_finds_what_was_fetched(server, office, tmp_path, monkeypatch):
    monkeypatch.setenv("TWIN_CACHE", str(tmp_path))
    assert fetched_folder("schwelm") is None
    fetch("schwelm", what=("solar",), addresses=address_book(server.url))
    assert fetched_folder("Schwelm") == default_folder("05954024") == tmp_path / "05954024-schwelm"
    assert fetched_folder("Atlantis") is None


def test_openstreetmap_comes_through_its_own_reader(get, office, town, monkeypatch, tmp_path):
    cached = tmp_path / "cached.osm"
    cached.write_text("<osm/>")
    areas = []

    def fetch_place(area, **_):
        areas.append(area)
        return cached

    monkeypatch.setattr("layers.fetch.osm.fetch_place", fetch_place)
    report = get(("lod2", "osm"))
    assert (town / "osm" / "05954024-schwelm.osm").read_text() == "<osm/>"
    degrees = gpd.GeoSeries([outline()], crs="EPSG:25832").to_crs("EPSG:4326").iloc[0]
    assert areas[0].symmetric_difference(degrees).area < 1e-8
    assert "osm" in {f.product for f in report.files}
    get(("lod2", "osm"))
    assert len(areas) == 1


def test_a_fault_of_openstreetmap_leaves_the_rest(get, office, monkeypatch):
    def fetch_place(*_, **__):
        raise SourceError("{host} is busy.", host="overpass")

    monkeypatch.setattr("layers.fetch.osm.fetch_place", fetch_place)
    report = get(("lod2", "osm"))
    assert report.failed == ("osm",)
    assert len(report.files) == len(tiles())


def test_the_package_says_what_it_offers():
    assert set(package.__all__) <= set(dir(package))
    assert find_municipality("Schwelm") == TOWN
