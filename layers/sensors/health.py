"""
The health page of the worker: `/` for people, `/health` for watchdogs, `/metrics` for Prometheus.

It is served on this machine only unless the configuration opens it, says nothing of devices, and
has no form, script or cookie.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from contextlib import contextmanager
from datetime import UTC, datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from threading import Thread
from typing import TYPE_CHECKING, Any, Protocol

from prometheus_client import CONTENT_TYPE_LATEST

from twin.errors import SourceError
from twin.sentences import Sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from layers.sensors.board import FeedStatus, WorkerStatus
    from layers.sensors.worker import Worker

STYLE = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;"
    "margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:.4rem .8rem .4rem 0;border-bottom:1px solid #8888;"
    "vertical-align:top}th{font-weight:600}"
)
POLICY = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'"
FAILING = 503


class Words(Protocol):
    """A translator, as far as the page needs one."""

    @property
    def lang(self) -> str:
        """Code of the language."""

    def text(self, msgid: str, /, context: str = "", **values: object) -> str:
        """Return a sentence."""

    def sentence(self, said: Sentence) -> str:
        """Return a sentence that came as data."""


class English:
    """Words where nobody brings a translator."""

    lang = "en"

    def text(self, msgid: str, /, context: str = "", **values: object) -> str:
        """Return a sentence."""
        del context
        return str(Sentence(msgid, values))

    def sentence(self, said: Sentence) -> str:
        """Return a sentence that came as data."""
        return str(said)


@contextmanager
def serve_health(worker: Worker, words: Callable[[str], Words] | None = None) -> Iterator[str]:
    """
    Serve the health of a worker and give its address.

    Raises
    ------
    SourceError
        The address is taken, or is none of this machine.
    """
    place = worker.config.health

    class Handler(_Handler):
        def answer(self, path: str, language: str) -> tuple[int, str, bytes] | None:
            return answer(worker, path, words(language) if words else English())

    try:
        server = _Server((place.host, place.port), Handler)
    except OSError as error:
        template = "The health page cannot be served at {host}:{port}: {reason}."
        hint = "Name another port with [health] port, or switch it off with on = false."
        reason = error.strerror or str(error)
        raise SourceError(
            template, hint=hint, host=place.host, port=str(place.port), reason=reason
        ) from error
    Handler.only_here = _is_here(place.host)
    thread = Thread(target=server.serve_forever, args=(0.1,), name="feeds-health", daemon=True)
    thread.start()
    try:
        yield f"http://{place.host}:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


def answer(worker: Worker, path: str, words: Words) -> tuple[int, str, bytes] | None:
    """Return status, type and content of a page; None where there is none."""
    status = worker.status
    if path == "/metrics":
        return 200, CONTENT_TYPE_LATEST, worker.metrics.text(status)
    if path == "/health":
        code = FAILING if status.health == "failing" else 200
        content = json.dumps(as_json(status), indent=1, ensure_ascii=False)
        return code, "application/json", content.encode()
    if path == "/":
        return 200, "text/html; charset=utf-8", page(status, words).encode()
    if path == "/style.css":
        return 200, "text/css", STYLE.encode()
    return None


def as_json(status: WorkerStatus) -> dict[str, Any]:
    """Return how all is as JSON; times are ISO 8601 in UTC."""
    return {
        "status": status.health,
        "started": _iso(status.started),
        "unsaved_readings": status.unsaved,
        "most_unsaved_readings": status.most_unsaved,
        "last_commit": _iso(status.last_commit),
        "store": "trouble" if status.trouble else "ok",
        "store_trouble": str(status.trouble) if status.trouble else None,
        "sources": [
            {
                "name": feed.source,
                "state": feed.state,
                "since": _iso(feed.since),
                "why": str(feed.why) if feed.why else None,
                "last_message": _iso(feed.last_message),
            }
            for feed in status.feeds
        ],
    }


def page(status: WorkerStatus, words: Words) -> str:
    """Return the page for people."""
    say = words.text
    overall = {
        "ok": say("All sources are connected."),
        "waiting": say("Something cannot be reached just now; it is tried again."),
        "failing": say("Something needs your attention."),
    }[status.health]
    heads = [say("Source"), say("State"), say("Since"), say("Last message"), say("Why")]
    rows = "".join(_row(feed, status.now, words) for feed in status.feeds)
    store = words.sentence(status.trouble) if status.trouble else say("The store can be written.")
    committed = _age(status.last_commit, status.now, words)
    lines = [
        overall,
        store,
        say("Last saved: {when}", when=committed),
        say("{count} of at most {most} readings wait to be saved.", count=status.unsaved,
            most=status.most_unsaved),
    ]  # fmt: skip
    title = escape(say("Sensor feeds"))
    columns = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    return (
        f'<!doctype html><html lang="{words.lang}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{title}</title><link rel="stylesheet" href="/style.css"></head><body><main>'
        f"<h1>{title}</h1>{''.join(f'<p>{escape(line)}</p>' for line in lines)}"
        f"<table><thead><tr>{columns}</tr></thead><tbody>{rows}</tbody></table></main></body></html>"
    )


def _row(feed: FeedStatus, now: float, words: Words) -> str:
    cells = [
        words.text(feed.state.capitalize(), "feed"),
        _age(feed.since, now, words),
        _age(feed.last_message, now, words),
        words.sentence(feed.why) if feed.why else "",
    ]
    name = f'<th scope="row">{escape(feed.source)}</th>'
    return f"<tr>{name}{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


def _age(moment: float | None, now: float, words: Words) -> str:
    """Return how long ago something was."""
    if moment is None:
        return words.text("never")
    seconds = max(0, round(now - moment))
    if seconds < 120:
        return words.text("{count} s ago", count=seconds)
    if seconds < 7200:
        return words.text("{count} min ago", count=seconds // 60)
    if seconds < 172_800:
        return words.text("{count} h ago", count=seconds // 3600)
    return words.text("{count} days ago", count=seconds // 86_400)


def _iso(moment: float | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment, UTC).isoformat("T", "seconds")


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True


class _Handler(BaseHTTPRequestHandler, ABC):
    """Answers GET and HEAD; a page of this machine only to those who ask for this machine."""

    only_here = True
    timeout = 10
    server_version, sys_version = "twin", ""

    @abstractmethod
    def answer(self, path: str, language: str) -> tuple[int, str, bytes] | None:
        """Return status, type and content."""

    def do_GET(self) -> None:
        """Answer with the content."""
        self._send(with_content=True)

    def do_HEAD(self) -> None:
        """Answer without the content."""
        self._send(with_content=False)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named so there
        """Keep quiet."""

    def _send(self, *, with_content: bool) -> None:
        path = self.path.partition("?")[0]
        language = self.headers.get("Accept-Language", "")[:200]
        found = self.answer(path, language) if self._is_meant() else None
        status, kind, content = found or (404, "text/plain", b"There is nothing here.\n")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        if with_content:
            self.wfile.write(content)

    def _is_meant(self) -> bool:
        """Tell whether the name asked for is of this machine: no foreign page reads along."""
        host = self.headers.get("Host", "").rsplit(":", 1)[0].strip("[]")
        return not self.only_here or _is_here(host)
