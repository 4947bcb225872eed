"""A tiny web service on 127.0.0.1 that gives what a test tells it, and breaks as real ones do."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from layers.web import Manners

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GML = 'xmlns:wfs="http://www.opengis.net/wfs/2.0" xmlns:gml="http://www.opengis.net/gml/3.2"'
QUICK = Manners(attempts=3, sleep=lambda _seconds: None)


@dataclass
class Answer:
    body: str | bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None  # bytes that arrive although all are announced


@dataclass
class Fake:
    """Where it answers, and what it was asked: path and parameters in capitals."""

    url: str
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def said(self, name: str) -> list[str]:
        return [params[name] for _, params in self.asked if name in params]


@contextmanager
def serve(reply: Callable[[str, dict[str, str], Fake], Answer]) -> Iterator[Fake]:
    """Answer with what `reply(path, parameters, fake)` returns until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    fake = Fake(f"http://127.0.0.1:{server.server_address[1]}")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            params = {k.upper(): v for k, v in parse_qsl(parts.query)}
            fake.asked.append((parts.path, params))
            answer = reply(parts.path, params, fake)
            body = answer.body.encode() if isinstance(answer.body, str) else answer.body
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: answer.cut])

        def log_message(self, *_: object) -> None:
            pass

    server.RequestHandlerClass = Handler
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def capabilities(
    *, srs: str = "", version: str = "2.0.0", paging: bool = True, limit: int = 0
) -> str:
    """Return capabilities of one layer `ave:GebaeudeBauwerk`, in WFS 2.0 or 1.1."""
    names = (srs or "urn:ogc:def:crs:EPSG::25832").split()
    word = "CRS" if version == "2.0.0" else "SRS"
    listed = f"<Default{word}>{names[0]}</Default{word}>"
    listed += "".join(f"<Other{word}>{name}</Other{word}>" for name in names[1:])
    limits = _constraint("CountDefault", str(limit)) if limit else ""
    limits += _constraint("ImplementsResultPaging", "TRUE" if paging else "FALSE")
    return (
        f'<?xml version="1.0"?><wfs:WFS_Capabilities version="{version}" {GML} '
        'xmlns:ows="http://www.opengis.net/ows/1.1"><ows:OperationsMetadata>'
        f"{limits}</ows:OperationsMetadata><wfs:FeatureTypeList>"
        '<wfs:FeatureType xmlns:ave="urn:ave"><wfs:Name>ave:GebaeudeBauwerk</wfs:Name>'
        f"{listed.replace('<', '<wfs:').replace('<wfs:/', '</wfs:')}"
        "<ows:WGS84BoundingBox><ows:LowerCorner>7.0 50.7</ows:LowerCorner>"
        "<ows:UpperCorner>7.2 50.9</ows:UpperCorner></ows:WGS84BoundingBox>"
        "</wfs:FeatureType></wfs:FeatureTypeList></wfs:WFS_Capabilities>"
    )


def _constraint(name: str, value: str) -> str:
    said = f"<ows:DefaultValue>{value}</ows:DefaultValue>"
    return f'<ows:Constraint name="{name}">{said}</ows:Constraint>'


def collection(
    numbers: list[int], *, matched: int | str | None = None, srs: str = "", ring: str = ""
) -> str:
    """Return a collection of houses of 10 m by 10 m in a row, the place of each by its number."""
    said = "" if matched is None else f' numberMatched="{matched}"'
    members = "".join(
        _member(number, srs or "urn:ogc:def:crs:EPSG::25832", ring) for number in numbers
    )
    return (
        f'<?xml version="1.0"?><wfs:FeatureCollection {GML} xmlns:ave="urn:ave"{said} '
        f'numberReturned="{len(numbers)}">{members}</wfs:FeatureCollection>'
    )


def _member(number: int, srs: str, ring: str) -> str:
    east, north = 366_000 + 20 * number, 5_626_000
    corners = [(0, 0), (10, 0), (10, 10), (0, 10), (0, 0)]
    numbers = ring or " ".join(f"{east + x} {north + y}" for x, y in corners)
    return (
        f'<wfs:member><ave:GebaeudeBauwerk gml:id="B.{number}">'
        f"<ave:oid>DENW43AL{number:08d}BL</ave:oid><ave:gebnutzbez>Gebäude</ave:gebnutzbez><ave:gfkzshh>31001_1000</ave:gfkzshh>"
        f'<ave:geometrie><gml:Polygon srsName="{srs}"><gml:exterior><gml:LinearRing><gml:posList>'
        f"{numbers}</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></ave:geometrie>"
        "</ave:GebaeudeBauwerk></wfs:member>"
    )


def report(text: str) -> str:
    """Return an exception report of OWS 1.1."""
    return (
        '<?xml version="1.0"?><ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1">'
        f'<ows:Exception exceptionCode="InvalidParameterValue"><ows:ExceptionText>{text}'
        "</ows:ExceptionText></ows:Exception></ows:ExceptionReport>"
    )
