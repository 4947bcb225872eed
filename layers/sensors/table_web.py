"""Asking an address for a table: only what changed, within limits, never from a file."""

from __future__ import annotations

import io
import re
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urljoin, urlsplit

from layers.sensors.table_text import Content, unpacked
from layers.sensors.values import RefusedError, zone_of
from layers.web import Manners, request
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

    from layers.sensors.table_config import TableConfig

MANNERS = Manners(attempts=1, connect_timeout_s=10, read_timeout_s=30)
MOST_REDIRECTS = 5
LONGEST_ANSWER_S = 300.0
REDIRECTS = frozenset({301, 302, 303, 307, 308})
DAY = re.compile(r"\{today(?:-(\d{1,4}))?\}")


class Answer(NamedTuple):
    """What came; `content` is none where nothing has changed."""

    content: Content | None
    marks: dict[str, str]  # for the next question


def address(config: TableConfig, now_ms: int) -> str:
    """
    Return the address with the dates filled in.

    `https://example.org/?from={today-1}&to={today}` asks for yesterday and today (local dates).
    """
    today = datetime.fromtimestamp(now_ms / 1000, zone_of(config.zone)).date()
    return DAY.sub(lambda m: str(today - timedelta(days=int(m[1] or 0))), config.url)


def ask(
    config: TableConfig, url: str, marks: Mapping[str, Any], *, manners: Manners = MANNERS
) -> Answer:
    """
    Ask for a table, if it is another than last time.

    Raises
    ------
    SourceError, layers.web.TryAgainError
        The server cannot be reached or refuses.
    RefusedError
        The answer is too large.
    """
    headers = {"Accept": "application/json, text/csv, */*;q=0.5"}
    if marks.get("url") == url:
        for mark, name in (("etag", "If-None-Match"), ("modified", "If-Modified-Since")):
            headers |= {name: str(marks[mark])} if marks.get(mark) else {}
    at = url
    for _ in range(MOST_REDIRECTS + 1):
        login = _login(config) if urlsplit(at).netloc == urlsplit(url).netloc else {}
        accepted = frozenset({200, 304}) | REDIRECTS
        options: dict[str, Any] = {"allow_redirects": False}
        with request(
            "GET", at, manners=manners, headers={**headers, **login}, accept=accepted, **options
        ) as response:
            if response.status_code in REDIRECTS:
                at = _redirected(at, response)
                continue
            return _answer(config, url, response)
    template = "{host} sends the question in a circle."
    raise SourceError(template, hint="Check the address.", host=urlsplit(url).netloc)


def _login(config: TableConfig) -> dict[str, str]:
    if config.token is not None:
        return {"Authorization": f"Bearer {config.token.read()}"}
    if config.password is not None:
        from requests.auth import _basic_auth_str  # noqa: PLC0415 - only for those with a password

        return {"Authorization": _basic_auth_str(config.user, config.password.read())}
    return {}


def _redirected(at: str, response: requests.Response) -> str:
    to = urljoin(at, response.headers.get("Location", ""))
    is_weaker = urlsplit(at).scheme == "https" and urlsplit(to).scheme != "https"
    if urlsplit(to).scheme not in {"http", "https"} or not urlsplit(to).hostname or is_weaker:
        template = "{host} leads to {url}, which is not followed."
        hint = "Only https and http addresses are, and never from https to http."
        host = urlsplit(at).netloc
        raise SourceError(template, hint=hint, host=host, url=to.partition("?")[0][:200])
    return to


def _answer(config: TableConfig, url: str, response: requests.Response) -> Answer:
    marks = {"url": url}
    for mark, name in (("etag", "ETag"), ("modified", "Last-Modified")):
        if value := response.headers.get(name):
            marks[mark] = value[:300]
    if response.status_code == 304:
        return Answer(None, marks)
    body = bytearray()
    end = time.monotonic() + LONGEST_ANSWER_S
    for some in response.iter_content(65_536):
        body += some
        if len(body) > config.most_bytes:
            detail = f"the answer is larger than {config.most_bytes} bytes; raise most_bytes"
            raise RefusedError("too_large", detail)
        if time.monotonic() > end:
            template = "{host} answers too slowly."
            raise SourceError(template, host=urlsplit(url).netloc)
    data = bytes(body)
    name = url.partition("?")[0]
    return Answer(Content(name, lambda: unpacked(io.BytesIO(data)), len(data), ""), marks)
