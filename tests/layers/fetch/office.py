"""A server that holds what the offices hold for one small place, and misbehaves on request."""

from __future__ import annotations

import io
import json
import threading
import time
import zipfile
from collections import Counter

import numpy as np
import rasterio
import shapely
from rasterio.transform import from_origin

from layers.fetch.boundary import tiles_of
from layers.fetch.municipalities import find_municipality
from layers.source import addresses

TOWN = find_municipality("Schwelm")  # 05954024
HOSTS = (
    "https://www.opengeodata.nrw.de",
    "https://www.wfs.nrw.de",
    "https://sgx.geodatenzentrum.de",
    "https://www.zensus2022.de",
    "https://opendata.dwd.de",
    "https://download.gtfs.de",
)
NRW = "produkte/geobasis"
CDC = "climate_environment/CDC/observations_germany/climate/hourly"


def outline() -> shapely.Polygon:
    """A crooked boundary well inside the bounds of the town: few tiles, none at the corners."""
    west, south, east, north = TOWN.bounds
    west, south, east, north = west + 1500, south + 1500, east - 1500, north - 1500
    return shapely.Polygon(
        [(west, (south + north) / 2), ((west + east) / 2, south), (east, south + 900),
         (east - 500, north), ((west + east) / 2, north - 1200)]
    )  # fmt: skip


def tiles() -> list[tuple[int, int]]:
    return tiles_of(TOWN, outline())


def address_book(url: str):
    """The address book of the project, with every host led to the test server."""

    def book(source: str, service: str) -> tuple[str, ...]:
        found = []
        for address in addresses(source, service):
            host = next(host for host in HOSTS if address.startswith(host))
            found.append(address.replace(host, url))
        return tuple(found)

    return book


def fill_office(server, *, missing: tuple[str, ...] = ()) -> dict[str, bytes]:
    """Give the server every file of the town in its real format; return them by address path."""
    files: dict[str, bytes] = {}
    for east, north in tiles():
        place = f"{east}_{north}"
        files[f"{NRW}/3dg/lod2_gml/lod2_gml/LoD2_32_{place}_1_NW.gml"] = citygml(place)
        files[f"{NRW}/hm/dgm1_tiff/dgm1_tiff/dgm1_32_{place}_1_nw_2022.tif"] = geotiff(east, north)
        files[f"{NRW}/hm/ndom50_tiff/ndom50_tiff/ndom50_32{place}_1_nw_2025.tif"] = geotiff(
            east, north
        )
    newest = f"{tiles()[0][0]}_{tiles()[0][1]}"
    files[f"{NRW}/hm/dgm1_tiff/dgm1_tiff/dgm1_32_{newest}_1_nw_2024.tif"] = geotiff(*tiles()[0])
    kreis = "gru_vereinf_05954000_Ennepe-Ruhr-Kreis_EPSG25832_GeoPackage.zip"
    files[f"{NRW}/lk/akt/gru_vereinfacht_gpkg/{kreis}"] = zipped("202601.gpkg", b"SQLite format 3")
    files[f"{NRW}/lk/akt/gru_vereinfacht_gpkg/gru_vereinf_05315000_Köln_x.zip"] = b"another"
    files[f"{NRW}/lk/akt/gebref_txt/gebref_EPSG25832_ASCII.zip"] = zipped("gebref.txt", b"N;DENW")
    energy = "produkte/umwelt_klima/klima"
    solar = "Solarkataster-Potentiale-Photovoltaik_05954024_Schwelm_EPSG25832_Shape.zip"
    heat = "Raumwaermebedarfsmodell-NRW_05954024_Schwelm_EPSG25832_Shape.zip"
    files[f"{energy}/solarkataster/photovoltaik/{solar}"] = zipped("a.shp", b"shape")
    files[f"{energy}/raumwaermebedarfsmodell/{heat}"] = zipped("b.shp", b"shape")
    for address in addresses("census_2022", "grid"):
        files[address.split("/", 3)[3]] = zipped("Zensus2022_100m-Gitter.csv", b"GITTER_ID_100m;x")
    files |= weather()
    files = {path: body for path, body in files.items() if path not in missing}
    for path, body in files.items():
        server.files[path] = (body, {"ETag": f'"{hash(body)}"', "Accept-Ranges": "bytes"})
    for folder, listing in listings(files).items():
        server.files[folder] = (listing, {})
    server.files["geobasis/wfs_nw_alkis_vereinfacht"] = (boundary_gml(), {})
    return files


def listings(files: dict[str, bytes]) -> dict[str, bytes]:
    """index.json where the office has it, XML for the cadastre, a page of links at the DWD."""
    by_folder: dict[str, list[tuple[str, int]]] = {}
    for path, body in files.items():
        folder, _, name = path.rpartition("/")
        by_folder.setdefault(folder, []).append((name, len(body)))
    found = {}
    for folder, names in by_folder.items():
        if "gru_" in folder:
            rows = "".join(
                f'<file name="{n}" size="{s}" timestamp="2026-01-01"/>' for n, s in names
            )
            found[f"{folder}/"] = f"<?xml version='1.0'?><dataset>{rows}</dataset>".encode()
        elif folder.startswith(CDC):
            links = "".join(f'<a href="{n}">{n}</a>' for n, _ in names)
            found[f"{folder}/"] = f'<html><a href="../">../</a>{links}</html>'.encode()
        else:
            rows = [{"name": n, "size": str(s), "timestamp": "2026-01-01"} for n, s in names]
            found[f"{folder}/index.json"] = json.dumps({"datasets": [{"files": rows}]}).encode()
    return found


def weather() -> dict[str, bytes]:
    head = "Stations_id von_datum bis_datum Stationshoehe geoBreite geoLaenge Stationsname Land\n"
    head += "----------- --------- --------- ------------- --------- --------- ------------ ----\n"
    near = "02667 19600101 20251231             92     50.8646    7.1575 Köln-Bonn        NRW\n"
    silent = "00001 19600101 19991231             90     50.8000    7.2100 Schwelm         NRW\n"
    no_sun = "00002 19600101 20251231             90     50.8000    7.2100 Sankt Augustin   NRW\n"
    far = "00433 19600101 20251231             48     52.4675   13.4021 Berlin           BE\n"
    stations = {
        f"{CDC}/air_temperature/historical/TU_Stundenwerte_Beschreibung_Stationen.txt":
            head + silent + no_sun + near + far,
        f"{CDC}/solar/ST_Stundenwerte_Beschreibung_Stationen.txt": head + silent + far + near,
    }  # fmt: skip
    found = {path: text.encode("latin-1") for path, text in stations.items()}
    span = "02667_19600101_20251231"
    found[f"{CDC}/air_temperature/historical/stundenwerte_TU_{span}_hist.zip"] = zipped("p", b"TU")
    found[f"{CDC}/wind/historical/stundenwerte_FF_{span}_hist.zip"] = zipped("p", b"FF")
    found[f"{CDC}/solar/stundenwerte_ST_02667_row.zip"] = zipped("p", b"ST")
    return found


def citygml(place: str) -> bytes:
    text = '<?xml version="1.0"?><core:CityModel xmlns:core="http://www.opengis.net/citygml/1.0">'
    return f"{text}<!-- {place} {'x' * 3000} --></core:CityModel>".encode()


def geotiff(east: int, north: int) -> bytes:
    heights = np.full((20, 20), (east + north) % 97, dtype="float32")
    with rasterio.MemoryFile() as memory:
        with memory.open(
            driver="GTiff", width=20, height=20, count=1, dtype="float32", crs="EPSG:25832",
            transform=from_origin(east * 1000, north * 1000 + 1000, 50, 50),
        ) as file:  # fmt: skip
            file.write(heights, 1)
        return memory.read()


def zipped(name: str, content: bytes) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), content * 200)
    return memory.getvalue()


def boundary_gml(ags: str = "05954024", shape: shapely.Polygon | None = None) -> bytes:
    """What the WFS of the cadastre answers: the Kreis as well, and the town by its key."""

    def unit(key: str, name: str, area: shapely.Polygon) -> str:
        places = " ".join(f"{x:.3f} {y:.3f}" for x, y in area.exterior.coords)
        return (
            f'<wfs:member><ave:VerwaltungsEinheit gml:id="V{key}"><ave:art>Gemeinde</ave:art>'
            f"<ave:name>{name}</ave:name><ave:schluessel>{key}</ave:schluessel><ave:geometrie>"
            f'<gml:MultiSurface srsName="urn:ogc:def:crs:EPSG::25832" gml:id="G{key}">'
            "<gml:surfaceMember><gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>"
            f"{places}</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>"
            "</gml:surfaceMember></gml:MultiSurface></ave:geometrie></ave:VerwaltungsEinheit>"
            "</wfs:member>"
        )

    kreis = unit("05954", "Ennepe-Ruhr-Kreis", shapely.box(350_000, 5_650_000, 400_000, 5_700_000))
    town = unit(ags, "Schwelm", shape or outline())
    return (
        '<?xml version="1.0" encoding="UTF-8"?><wfs:FeatureCollection '
        'xmlns:wfs="http://www.opengis.net/wfs/2.0" xmlns:gml="http://www.opengis.net/gml/3.2" '
        'xmlns:ave="http://repository.gdi-de.org/schemas/adv/produkt/alkis-vereinfacht/2.0" '
        f'numberMatched="2" numberReturned="2">{kreis}{town}</wfs:FeatureCollection>'
    ).encode()


class Busy:
    """Counts how many requests a server answers at the same moment."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.now: Counter[str] = Counter()
        self.most = 0

    def __enter__(self) -> None:
        with self.lock:
            self.now["all"] += 1
            self.most = max(self.most, self.now["all"])
        time.sleep(0.002)

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.now["all"] -= 1
