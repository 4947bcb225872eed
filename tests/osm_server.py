"""
A server on 127.0.0.1 that speaks Nominatim and Overpass, and gives files, for tests.

It answers from an OpenStreetMap extract, understands the part of Overpass QL that our client
sends, and misbehaves on request as the real services do: full, late, broken off, with a page for
people, or with a remark of failure below half the data.
"""

from __future__ import annotations

import json
import re
import threading
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import quoteattr

import numpy as np
import osmium
import shapely
from shapely.geometry import mapping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OSM_BASE = "2026-11-20T06:00:00Z"
KINDS = {"node": "n", "way": "w", "rel": "r", "relation": "r"}


class OsmData:
    """An extract in memory: what a server's database holds."""

    def __init__(self, path: Path) -> None:
        self.objects: dict[str, dict[int, tuple]] = {"n": {}, "w": {}, "r": {}}
        self.outlines: dict[int, shapely.Geometry] = {}
        for item in osmium.FileProcessor(str(path)):
            tags = {tag.k: tag.v for tag in item.tags}
            if item.is_node():
                self.objects["n"][item.id] = (tags, item.lon, item.lat)
            elif item.is_way():
                self.objects["w"][item.id] = (tags, [n.ref for n in item.nodes])
            else:
                members = [(m.type, m.ref, m.role) for m in item.members]
                self.objects["r"][item.id] = (tags, members)
        nodes = self.objects["n"]
        self.node_ids = np.array(list(nodes))
        self.points = np.array([(lon, lat) for _, lon, lat in nodes.values()])
        self.way_ids = np.array(list(self.objects["w"]))
        self.way_tree = shapely.STRtree([self.line(way) for way in self.objects["w"]])
        for key, (tags, members) in self.objects["r"].items():
            outline = self.outline(members) if tags.get("boundary") == "administrative" else None
            if outline is not None:
                self.outlines[key] = outline

    def line(self, way: int) -> shapely.LineString | None:
        nodes = self.objects["n"]
        path = [nodes[ref][1:] for ref in self.objects["w"][way][1] if ref in nodes]
        return shapely.LineString(path) if len(path) > 1 else None

    def outline(self, members: list[tuple[str, int, str]]) -> shapely.Geometry | None:
        """
        The area of a boundary. An extract may lack one of its ways: the gap is closed straight.

        A boundary of which more is missing is unknown here.
        """
        wanted = [ref for kind, ref, role in members if kind == "w" and role != "inner"]
        lines = [line for way in wanted if way in self.objects["w"] and (line := self.line(way))]
        merged = shapely.line_merge(shapely.union_all(lines))
        parts = [p for p in shapely.get_parts(merged) if p.geom_type == "LineString"]
        if len(lines) < max(len(wanted) - 1, 1) or len(parts) != 1:
            return None
        return shapely.make_valid(shapely.Polygon(parts[0]))

    def tags(self, kind: str, key: int) -> dict[str, str]:
        return self.objects[kind][key][0]

    def inside(self, kind: str, area: shapely.Polygon) -> set[int]:
        """What Overpass calls inside: a node in it, a way through it, a relation with such."""
        nodes = set(self.node_ids[shapely.intersects_xy(area, self.points)].tolist())
        if kind == "n":
            return nodes
        ways = set(self.way_ids[self.way_tree.query(area, predicate="intersects")].tolist())
        if kind == "w":
            return ways
        hit = {"n": nodes, "w": ways, "r": set()}
        return {
            key
            for key, (_, members) in self.objects["r"].items()
            if any(ref in hit[member] for member, ref, _ in members)
        }

    def members(self, kind: str, parents: dict[str, set[int]], of: str) -> set[int]:
        """Members of the given kind of the ways or relations in a set."""
        if of == "w":
            return {ref for way in parents["w"] for ref in self.objects["w"][way][1]}
        found = {
            ref
            for relation in parents["r"]
            for member, ref, _ in self.objects["r"][relation][1]
            if member == kind
        }
        return found & self.objects[kind].keys()


class BadQueryError(Exception):
    """What Overpass answers with 400."""


class Query:
    """A question in the part of Overpass QL that is understood here."""

    TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|->|!~|!=|[\w.:]+|[\[\]();=~>.,-])')
    STOP = frozenset({";", "->"})

    def __init__(self, text: str, data: OsmData) -> None:
        self.data = data
        self.sets: dict[str, dict[str, set[int]]] = {"_": nothing()}
        self.settings = dict(re.findall(r"\[(out|timeout|maxsize|date):([^\]]*)\]", text))
        body = re.sub(r"^\s*(\[[^\]]*\]\s*)+;", "", text)
        self.tokens = self.TOKEN.findall(body)
        if re.sub(r"\s", "", body) != re.sub(r"\s", "", "".join(self.tokens)):
            raise BadQueryError("parse error: Unknown character")
        self.at = 0
        self.output: dict[str, set[int]] = nothing()

    def run(self) -> dict[str, set[int]]:
        while self.at < len(self.tokens):
            self.statement()
        return self.output

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, *expected: str) -> str:
        token = self.peek()
        if expected and token not in expected:
            raise BadQueryError(f"parse error: {expected} expected, {token!r} found")
        self.at += 1
        return token

    def statement(self) -> dict[str, set[int]]:
        if self.peek() == "out":
            while self.take() != ";":
                pass
            for kind, ids in self.sets["_"].items():
                self.output[kind] |= ids
            return nothing()
        if self.peek() == "(":
            found = self.union()
        elif self.peek().startswith("."):
            found = self.sets[self.take()[1:]]
        else:
            found = self.select()
        target = "_"
        if self.peek() == "->":
            self.take()
            target = self.take()[1:]
        self.take(";")
        self.sets[target] = found
        return found

    def union(self) -> dict[str, set[int]]:
        self.take("(")
        total = nothing()
        while self.peek() != ")":
            for kind, ids in self.statement().items():
                total[kind] |= ids
        self.take(")")
        return total

    def select(self) -> dict[str, set[int]]:
        word, _, source = self.take().partition(".")
        if word not in KINDS:
            raise BadQueryError(f"parse error: unknown query clause {word!r}")
        kind = KINDS[word]
        keys = set(self.sets[source][kind]) if source else None
        while self.peek() not in self.STOP:
            chosen = self.by_tag(kind, keys) if self.take("[", "(") == "[" else self.by_place(kind)
            keys = chosen if keys is None else keys & chosen
        return {**nothing(), kind: keys or set()}

    def by_place(self, kind: str) -> set[int]:
        word = self.take()
        if word == "poly:":
            values = np.array(self.take().strip('"').split(), float).reshape(-1, 2)
            found = self.data.inside(kind, shapely.make_valid(shapely.Polygon(values[:, ::-1])))
        elif word.isdigit():
            found = {int(word)} & self.data.objects[kind].keys()
        else:
            of, _, name = word.partition(".")
            found = self.data.members(kind, self.sets[name or "_"], of)
        self.take(")")
        return found

    def by_tag(self, kind: str, keys: set[int] | None) -> set[int]:
        key, relation, value = self.take().strip('"'), "", ""
        if self.peek() != "]":
            relation, value = self.take("=", "~", "!~", "!="), self.take().strip('"')
        self.take("]")
        test: dict[str, Callable[[str | None], bool]] = {
            "": lambda v: v is not None,
            "=": lambda v: v == value,
            "!=": lambda v: v != value,
            "~": lambda v: v is not None and re.search(value, v) is not None,
            "!~": lambda v: v is None or re.search(value, v) is None,
        }
        pool = self.data.objects[kind] if keys is None else keys
        return {i for i in pool if test[relation](self.data.tags(kind, i).get(key))}


def nothing() -> dict[str, set[int]]:
    return {"n": set(), "w": set(), "r": set()}


def to_xml(data: OsmData, found: dict[str, set[int]], *, remark: str = "") -> str:
    out = [
        '<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6" generator="Overpass API test">',
        "<note>The data included in this document is from www.openstreetmap.org.</note>",
        f'<meta osm_base="{OSM_BASE}"/>\n',
    ]
    for key in sorted(found["n"]):
        tags, lon, lat = data.objects["n"][key]
        out += [f'  <node id="{key}" lat="{lat:.7f}" lon="{lon:.7f}"', *_close("node", tags)]
    for key in sorted(found["w"]):
        tags, refs = data.objects["w"][key]
        inner = [f'    <nd ref="{ref}"/>' for ref in refs]
        out += [f'  <way id="{key}"', *_close("way", tags, inner)]
    for key in sorted(found["r"]):
        tags, members = data.objects["r"][key]
        names = {"n": "node", "w": "way", "r": "relation"}
        inner = [
            f'    <member type="{names[kind]}" ref="{ref}" role={quoteattr(role)}/>'
            for kind, ref, role in members
        ]
        out += [f'  <relation id="{key}"', *_close("relation", tags, inner)]
    if remark:
        out.append(f"<remark> {remark} </remark>")
    return "\n".join([*out, "</osm>\n"])


def _close(name: str, tags: dict[str, str], inner: list[str] | None = None) -> list[str]:
    inner = inner or []
    inner += [f"    <tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items()]
    return [">", *inner, f"  </{name}>"] if inner else ["/>"]


@dataclass
class Seen:
    """One request as the server saw it."""

    method: str
    path: str
    asked: dict[str, str]
    headers: dict[str, str]


@dataclass
class OsmServer:
    """The server's address, what it has seen, and how it will misbehave next."""

    data: OsmData | None
    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    faults: dict[str, deque] = field(default_factory=dict)  # by last part of the path
    extra_places: list[dict] = field(default_factory=list)  # answers of Nominatim besides the data
    files: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    slot_wait_s: int = 0

    def misbehave(self, where: str, *faults: object) -> None:
        """Let the next requests to `where` ("search", "interpreter" …) go wrong, one by one."""
        self.faults.setdefault(where, deque()).extend(faults)

    def asked(self, where: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.path.endswith(where)]


class _Http(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Say nothing when the client hangs up."""


@contextmanager
def serve(data: OsmData | None = None) -> Iterator[OsmServer]:
    """Run the server in a thread for as long as the `with` lasts."""
    state = OsmServer(data)
    handler = type("Handler", (_Handler,), {"state": state})
    with _Http(("127.0.0.1", 0), handler) as http:
        state.url = f"http://127.0.0.1:{http.server_address[1]}"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield state
        finally:
            http.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    state: OsmServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Stay quiet."""

    def do_GET(self) -> None:
        self.answer(urlsplit(self.path).query)

    def do_POST(self) -> None:
        self.answer(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())

    def answer(self, form: str) -> None:
        path = urlsplit(self.path).path
        asked = {name: values[-1] for name, values in parse_qs(form).items()}
        self.state.seen.append(Seen(self.command, path, asked, dict(self.headers.items())))
        where = path.rpartition("/")[2]
        waiting = self.state.faults.get(where)
        fault = waiting.popleft() if waiting else None
        if isinstance(fault, int):
            self.send(fault, b"no", {"Content-Type": "text/plain"})
        elif isinstance(fault, tuple):
            self.send(fault[0], b"no", {"Content-Type": "text/plain", **fault[1]})
        elif fault == "page":
            page = b"<html><p><strong style='x'>Error</strong>: too busy &amp; tired</p></html>"
            self.send(200, page, {"Content-Type": "text/html; charset=utf-8"})
        elif fault == "reset":
            self.close_connection = True
            self.connection.close()
        else:
            getattr(self, f"give_{where}", self.give_file)(asked, fault)

    def send(
        self, status: int, body: bytes, headers: dict[str, str] | None = None, cut: bool = False
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self.wfile.flush()
            self.close_connection = True

    def send_json(self, content: object, fault: object) -> None:
        body = b"{not json" if fault == "garbage" else json.dumps(content).encode()
        headers = {"Content-Type": "application/json; charset=utf-8"}
        self.send(200, body, headers, cut=fault == "half")

    # -- Nominatim

    def give_search(self, asked: dict[str, str], fault: object) -> None:
        text = asked["q"].partition(",")[0].strip().casefold()
        hits = [p for p in self.places() if p["name"].casefold() == text]
        rest = [part.strip().casefold() for part in asked["q"].split(",")[1:]]
        hits = [p for p in hits if all(part in p["display_name"].casefold() for part in rest)]
        hits.sort(key=lambda p: p["importance"], reverse=True)
        self.send_json([self.shown(p, asked) for p in hits[: int(asked["limit"])]], fault)

    def give_lookup(self, asked: dict[str, str], fault: object) -> None:
        wanted = asked["osm_ids"].split(",")
        hits = [p for p in self.places() if f"{p['osm_type'][0].upper()}{p['osm_id']}" in wanted]
        self.send_json([self.shown(p, asked) for p in hits], fault)

    def places(self) -> list[dict]:
        found = list(self.state.extra_places)
        if self.state.data is None:
            return found
        for key, outline in self.state.data.outlines.items():
            tags = self.state.data.tags("r", key)
            if "name" in tags:
                level = int(tags.get("admin_level", "8"))
                found.append(
                    as_place("relation", key, tags["name"], outline, importance=0.9 - level / 20)
                )
        for key, (tags, lon, lat) in self.state.data.objects["n"].items():
            if "place" in tags and "name" in tags:
                point = shapely.Point(lon, lat)
                found.append(as_place("node", key, tags["name"], point, importance=0.2))
        return found

    @staticmethod
    def shown(place: dict, asked: dict[str, str]) -> dict:
        kept = {k: v for k, v in place.items() if k != "geojson"}
        if asked.get("format") == "json":
            kept["class"] = kept.pop("category")
        if asked.get("polygon_geojson") == "1":
            kept["geojson"] = place["geojson"]
        return kept

    # -- Overpass

    def give_status(self, _asked: dict[str, str], _fault: object) -> None:
        wait = self.state.slot_wait_s
        slot = (
            f"Slot available after: 2026-11-22T12:00:00Z, in {wait} seconds."
            if wait
            else "2 slots available now."
        )
        text = (
            "Connected as: 2130706433\nCurrent time: 2026-11-22T11:59:00Z\n"
            "Announced endpoint: none\nRate limit: 2\n"
            f"{slot}\nCurrently running queries (pid, space limit, time limit, start time):\n"
        )
        self.send(200, text.encode(), {"Content-Type": "text/plain"})

    def give_interpreter(self, asked: dict[str, str], fault: object) -> None:
        try:
            query = Query(asked["data"], self.state.data)
            found = query.run()
        except BadQueryError as error:
            page = f"<html><body><p><strong>Error</strong>: {error}</p></body></html>"
            self.send(400, page.encode(), {"Content-Type": "text/html; charset=utf-8"})
            return
        remarks = {
            "timeout": 'runtime error: Query timed out in "query" at line 4 after 181 seconds.',
            "memory": "runtime error: Query run out of memory using about 2048 MB of RAM.",
            "dispatcher": "runtime error: open64: 0 Success /osm3s_osm_base "
            "Dispatcher_Client::request_read_and_idx::timeout. The server is probably too busy.",
        }
        remark = remarks.get(str(fault), "")
        body = to_xml(self.state.data, nothing() if remark else found, remark=remark).encode()
        if fault == "unclosed":  # well-framed by HTTP, but the XML ends too early
            body = body[: len(body) * 2 // 3]
        if fault == "broken":
            body = body.replace(b"<way ", b"<way <", 1)
        if callable(fault):
            body = fault(body)
        headers = {"Content-Type": "application/osm3s+xml"}
        self.send(200, body, headers, cut=fault == "half")

    # -- plain files

    def give_file(self, _asked: dict[str, str], fault: object) -> None:
        name = urlsplit(self.path).path.lstrip("/")
        if name not in self.state.files:
            self.send(404, b"no such file", {"Content-Type": "text/html"})
            return
        body, headers = self.state.files[name]
        etag, modified = headers.get("ETag"), headers.get("Last-Modified")
        if etag and self.headers.get("If-None-Match") == etag:
            self.send(304, b"", {**headers, "Content-Length": "0"})
            return
        asked = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
        same = self.headers.get("If-Range") in {etag, modified} - {None}
        if asked and same and headers.get("Accept-Ranges") != "none":
            start = int(asked[1])
            if start >= len(body):
                self.send(416, b"", {"Content-Range": f"bytes */{len(body)}"})
                return
            span = {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"}
            self.send(206, body[start:], {**headers, **span}, cut=fault == "half")
            return
        self.send(200, body, headers, cut=fault == "half")


def as_place(
    osm_type: str, osm_id: int, name: str, geometry: shapely.Geometry, *, importance: float
) -> dict:
    """One answer of Nominatim in its json v2 form."""
    west, south, east, north = geometry.bounds
    centre = geometry.representative_point()
    return {
        "place_id": 1000 + osm_id % 1000,
        "licence": "Data © OpenStreetMap contributors, ODbL 1.0. http://osm.org/copyright",
        "osm_type": osm_type,
        "osm_id": osm_id,
        "lat": f"{centre.y:.7f}",
        "lon": f"{centre.x:.7f}",
        "category": "boundary" if osm_type == "relation" else "place",
        "type": "administrative" if osm_type == "relation" else "village",
        "place_rank": 16,
        "importance": importance,
        "addresstype": "town",
        "name": name,
        "display_name": f"{name}, Deutschland",
        "boundingbox": [f"{v:.7f}" for v in (south, north, west, east)],
        "geojson": mapping(geometry),
    }
