"""A real MapServer on 127.0.0.1, one process a request, that serves official files."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pyogrio
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WFS = """
WEB METADATA
  "wfs_title" "Test" "wfs_onlineresource" "{url}?" "wfs_enable_request" "*"
  "wfs_srs" "{srs}" "wfs_namespace_prefix" "ave"
  "wfs_namespace_uri" "http://repository.gdi-de.org/schemas/adv/produkt/alkis-vereinfacht/2.0"
  "wfs_getcapabilities_version" "2.0.0" {more}
  "oga_onlineresource" "{url}/town/ogcapi" "oga_enable_request" "*"
  "oga_html_template_directory" "/usr/share/mapserver/ogcapi/templates/html-bootstrap4/"
END END
"""
LAYER = """
LAYER NAME "{name}" TYPE POLYGON STATUS ON
  {data}
  PROJECTION "init=epsg:25832" END
  METADATA "wfs_title" "{name}" "wfs_srs" "{srs}" "gml_featureid" "oid" "gml_include_items" "all"
    "wfs_enable_request" "*" "oga_featureid" "oid" "gml_types" "auto"
    "gml_geometries" "geometrie" "gml_geometrie_type" "multipolygon"
  END
  TEMPLATE "x"
END
"""


@dataclass
class Server:
    """Where the server answers, and what it was asked."""

    url: str
    asked: list[str] = field(default_factory=list)

    @property
    def features_api(self) -> str:
        return f"{self.url}/town/ogcapi"


def mapserv() -> str:
    """Return the program, or skip the test with the reason."""
    found = shutil.which("mapserv") or shutil.which("mapserv", path="/usr/lib/cgi-bin")
    if found is None:
        pytest.skip("needs MapServer (Debian: cgi-mapserver)")
    return found


@contextmanager
def serve(
    path: Path, folder: Path, *, srs: str = "EPSG:25832 EPSG:4326", more: str = ""
) -> Iterator[Server]:
    """Serve a GeoPackage or Shapefiles as WFS and OGC API Features until the block ends."""
    program = mapserv()
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    about = Server(f"http://127.0.0.1:{server.server_address[1]}/wfs")
    _write_map(path, folder, about.url, srs, more)
    server.RequestHandlerClass = _handler(program, folder, about)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield about
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _write_map(path: Path, folder: Path, url: str, srs: str, more: str) -> None:
    if path.is_dir():
        data = {p.stem: f'DATA "{p}" ENCODING "UTF-8"' for p in sorted(path.glob("*.shp"))}
    else:
        names = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
        data = {n: f'CONNECTIONTYPE OGR CONNECTION "{path}" DATA "{n}"' for n in names}
    layers = "".join(
        LAYER.format(name=name.replace("Gebauede", "Gebaeude"), data=text, srs=srs)
        for name, text in data.items()
    )
    text = WFS.format(url=url, srs=srs, more=more)
    head = 'MAP NAME "town" EXTENT 280000 5200000 921000 6100000 UNITS METERS SIZE 100 100\n'
    (folder / "town.map").write_text(
        f'{head}PROJECTION "init=epsg:25832" END\n{text}{layers}END\n', "utf-8"
    )
    (folder / "mapserver.conf").write_text(
        f'CONFIG\nENV\nMS_MAP_PATTERN "."\nOGCAPI_HTML_TEMPLATE_DIRECTORY '
        f'"/usr/share/mapserver/ogcapi/templates/html-bootstrap4/"\nEND\n'
        f'MAPS\ntown "{folder / "town.map"}"\nEND\nEND\n',
        "utf-8",
    )


def _handler(program: str, folder: Path, about: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            about.asked.append(self.path)
            place, _, query = self.path.partition("?")
            head, body = _run(program, folder, place.removeprefix("/wfs"), query, self.headers)
            status = head.get("status", "200").split()[0]
            self.send_response(int(status))
            self.send_header("Content-Type", head.get("content-type", "text/xml"))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _run(
    program: str, folder: Path, inner: str, query: str, headers: object
) -> tuple[dict[str, str], bytes]:
    environment = {
        **os.environ,
        "REQUEST_METHOD": "GET",
        "QUERY_STRING": query,
        "MAPSERVER_CONFIG_FILE": str(folder / "mapserver.conf"),
        "HTTP_ACCEPT": headers.get("Accept", ""),  # type: ignore[attr-defined]
    }
    if inner:
        environment["PATH_INFO"] = inner
    else:
        environment["MS_MAPFILE"] = str(folder / "town.map")
    done = subprocess.run([program], env=environment, capture_output=True, check=False)
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    lines = [line.partition(":") for line in head.decode("latin-1").splitlines()]
    return {name.lower(): value.strip() for name, _, value in lines}, body
