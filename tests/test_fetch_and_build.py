"""`twin fetch` and then `twin build`, as the README says it: by the name of the municipality."""

import io
import zipfile

import pytest
import shapely

from dash_app.cli import main
from layers.city_store import open_city
from layers.fetch import fetch
from layers.sample_city import make_sample
from layers.source import addresses
from layers.web import Manners
from tests.layers.fetch.office import NRW, address_book, boundary_gml, listings
from tests.osm_server import serve
from tests.town_files.town import write_town

PRODUCTS = ("lod2", "dgm1", "cadastre", "census")
CADASTRE = "gru_vereinf_05382000_Rhein-Sieg-Kreis_EPSG25832_GeoPackage.zip"


def zipped(paths):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            archive.write(path, path.name)
    return memory.getvalue()


def office_of(town):
    """The files of a town under the addresses of the offices."""
    files = {f"{NRW}/3dg/lod2_gml/lod2_gml/{p.name}": p.read_bytes() for p in town["lod2"]}
    files |= {f"{NRW}/hm/dgm1_tiff/dgm1_tiff/{p.name}": p.read_bytes() for p in town["dgm1"]}
    files[f"{NRW}/lk/akt/gru_vereinfacht_gpkg/{CADASTRE}"] = zipped(town["gpkg"])
    for address in addresses("census_2022", "grid"):
        files[address.split("/", 3)[3]] = zipped(town["census"])
    return files


@pytest.fixture
def fetched(tmp_path, monkeypatch):
    """Troisdorf from an office that holds the model town, which stands where Troisdorf lies."""
    monkeypatch.setenv("TWIN_CACHE", str(tmp_path / "cache"))
    town = write_town(
        tmp_path / "office", buildings=200, formats=("lod2", "dgm1", "gpkg", "census"), cell_m=10.0
    )
    houses = make_sample(buildings=200).tables["buildings"]
    boundary = shapely.box(*houses.total_bounds).buffer(20, join_style="mitre")
    with serve() as server:
        files = office_of(town)
        for path, body in files.items():
            server.files[path] = (body, {})
        for folder, listing in listings(files).items():
            server.files[folder] = (listing, {})
        gml = boundary_gml("05382068", boundary)
        server.files["geobasis/wfs_nw_alkis_vereinfacht"] = (gml, {})
        manners = Manners(attempts=2, sleep=lambda _seconds: None)
        yield fetch("Troisdorf", what=PRODUCTS, addresses=address_book(server.url), manners=manners)


def test_what_was_fetched_becomes_a_city_by_its_name(fetched, tmp_path, monkeypatch, capsys):
    assert fetched.complete, fetched.faults
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        main(["--lang", "en", "build", "troisdorf"])
    printed = capsys.readouterr()
    assert end.value.code == 0, printed.err
    city = open_city(tmp_path / "cities" / "troisdorf")
    assert {source.key for source in city.info.sources} == {
        "lod2", "terrain", "cadastre", "census", "reference_weather",
    }  # fmt: skip
    whole = city.buildings[city.buildings["part_of"].isna()]
    assert whole["known_by"].eq("cadastre lod2").mean() > 0.8
    assert city.buildings["ground_m"].notna().mean() > 0.95
    assert city.buildings["residents"].sum() > 0
    assert "terrain" in city.rasters
