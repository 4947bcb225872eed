"""A small SensorThings server after the published rules, whose faults a test decides."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit

TIMES = re.compile(r"(phenomenonTime|resultTime) ge (\S+?)(?=[\s);]|$)")
NESTED = re.compile(r"Observations\((.*)\)")
PATH = re.compile(r"^(\w+)(?:\(('?)(.*?)\2\))?(?:/(\w+))?$")


def moment(text):
    given = datetime.fromisoformat(str(text).partition("/")[0].replace("Z", "+00:00"))
    return given if given.tzinfo else given.replace(tzinfo=UTC)


@dataclass
class World:
    """
    What a server has: entities as they are written, observations by (kind, id of the stream).

    `cannot`: options it refuses with 400; `ignores`: options it does as if they were not there.
    """

    entities: dict = field(default_factory=dict)
    observations: dict = field(default_factory=dict)
    links: dict = field(default_factory=dict)  # ("Things", id, "Locations") -> list or entity
    version: str = "v1.1"
    about: dict = field(default_factory=dict)
    cannot: set = field(default_factory=set)
    ignores: set = field(default_factory=set)
    most: int = 1_000  # on a page
    next_host: str = ""  # another one than ours in links
    next_relative: bool = False
    faults: list = field(default_factory=list)  # (pattern of the address, how to answer)
    asked: list = field(default_factory=list)
    login: str = ""

    def fault(self, pattern, answer, times=1):
        """Let the next questions that fit be answered by `answer(handler)`."""
        self.faults += [(re.compile(pattern), answer)] * times


class Answer(BaseHTTPRequestHandler):
    world: World

    def log_message(self, *_given):
        pass

    def do_GET(self):
        world, url = self.server.world, unquote(self.path)
        world.asked.append(url)
        for number, (pattern, answer) in enumerate(world.faults):
            if pattern.search(url):
                del world.faults[number]
                answer(self)
                return
        if world.login and self.headers.get("Authorization") != world.login:
            self.say(401, "{}")
            return
        parts = urlsplit(self.path)
        query = {k: v[0] for k, v in parse_qs(parts.query).items()}
        _, _, rest = unquote(parts.path).partition(f"/{world.version}")
        if not rest and not parts.path.endswith(world.version):
            self.say(404, "{}")
            return
        self.give(rest.strip("/"), query)

    def give(self, path, query):
        world = self.server.world
        if not path:
            names = [{"name": name, "url": f"{self.root}/{name}"} for name in world.entities]
            self.tell({"value": names, **world.about})
            return
        if refused := [option for option in query if option.strip("$") in world.cannot]:
            self.say(400, json.dumps({"code": 400, "message": f"no {refused}"}))
            return
        query = {k: v for k, v in query.items() if k.strip("$") not in world.ignores}
        kind, _, ident, link = PATH.match(path).groups()
        if kind not in world.entities:
            self.say(404, json.dumps({"code": 404, "message": "Nothing found"}))
        elif ident is None:
            self.page(path, world.entities[kind], query)
        else:
            self.below(path, (kind, ident, link), query)

    def below(self, path, at, query):
        world = self.server.world
        kind, ident, link = at
        if link == "Observations":
            rows = self.chosen(world.observations.get((kind, ident), []), query)
            self.page(path, rows, query)
        elif at in world.links:
            found = world.links[at]
            self.page(path, found, query) if isinstance(found, list) else self.tell(found)
        elif link is None and (one := self.entity(kind, ident)):
            self.tell(one)
        elif kind == "Things" and link == "Datastreams":
            self.page(path, self.entity(kind, ident)["Datastreams"], query)
        else:
            self.say(404, json.dumps({"code": 404, "message": "Nothing found"}))

    def entity(self, kind, ident):
        found = self.server.world.entities[kind]
        return next((one for one in found if str(one["@iot.id"]) == ident), None)

    def chosen(self, rows, query):
        """Give observations that fit `$filter`, in the order asked for."""
        limits = TIMES.findall(query.get("$filter", ""))
        if limits:
            rows = [
                row for row in rows
                if any(row.get(n) and moment(row[n]) >= moment(at) for n, at in limits)
            ]  # fmt: skip
        order = query.get("$orderby", "")
        if order:
            by = order.split()[0]
            rows = sorted(rows, key=lambda r: moment(r[by]), reverse=order.endswith("desc"))
        return rows

    def page(self, path, found, query):
        world = self.server.world
        top = min(int(query.get("$top", world.most)), world.most)
        skip = int(query.get("$skip", 0))
        values = found[skip : skip + top]
        answer = {"value": values}
        if query.get("$resultFormat") == "dataArray" and path.endswith("Observations"):
            names = query.get("$select", "phenomenonTime,result,resultTime").split(",")
            lines = [[row.get(name) for name in names] for row in values]
            answer["value"] = [{"components": names, "dataArray": lines}]
        elif nested := NESTED.search(query.get("$expand", "")):
            answer["value"] = [self.with_rows(one, nested[1]) for one in values]
        if "@iot.count" not in world.ignores:
            answer["@iot.count"] = len(found)
        if skip + top < len(found) and "nextLink" not in world.ignores:
            more = {**query, "$skip": skip + top, "$top": top}
            asked = "&".join(f"{k}={quote(str(v))}" for k, v in more.items())
            root = f"http://{world.next_host}/{world.version}" if world.next_host else self.root
            link = f"{root}/{quote(path)}?{asked}"
            answer["@iot.nextLink"] = f"?{asked}" if world.next_relative else link
        self.tell(answer)

    def with_rows(self, one, options):
        options = dict(option.split("=", 1) for option in options.split(";") if option)
        rows = self.server.world.observations.get(("Datastreams", str(one["@iot.id"])), [])
        rows = self.chosen(rows, options)
        top = int(options.get("$top", 20))
        more = {"Observations@iot.nextLink": f"{self.root}/x"} if len(rows) > top else {}
        return {**one, "Observations": rows[:top], **more}

    @property
    def root(self):
        return f"http://127.0.0.1:{self.server.server_port}/{self.server.world.version}"

    def tell(self, answer):
        self.say(200, json.dumps(answer, ensure_ascii=False))

    def say(self, status, body, kind="application/json", **headers):
        data = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)


class Served:
    """A running server; `.world` may be exchanged at any time."""

    def __init__(self):
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self._server.daemon_threads = True
        self.world = World()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def world(self):
        return self._server.world

    @world.setter
    def world(self, world):
        self._server.world = world

    @property
    def port(self):
        return self._server.server_port

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/{self.world.version}"

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
