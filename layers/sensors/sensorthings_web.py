"""Asking a SensorThings server: one host, page by page, with an eye on what it can."""

from __future__ import annotations

import re
import time
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, unquote, urljoin, urlsplit

from layers.sensors.common import said
from layers.sensors.json_text import loads
from layers.sensors.values import RefusedError
from layers.web import Manners, TryAgainError, half_an_answer, patiently, request
from twin.errors import SourceError
from twin.sentences import Sentence, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import requests

    from layers.sensors.sensorthings_config import SensorThingsConfig

MANNERS = Manners(
    attempts=3, first_wait_s=1.0, longest_wait_s=30.0, connect_timeout_s=15, read_timeout_s=60
)
LONGEST_ANSWER_S = 300.0
MOST_REDIRECTS = 5
MOST_PAGES = 100_000
DOORS = ("", "/", "/Datastreams?$top=1")  # where a root answers
REDIRECTS = frozenset({301, 302, 303, 307, 308})
OWN_ID = re.compile(
    r"((?:Multi)?Datastreams|Things)\(((?:'(?:[^'/?#]|'')*')|[\w.:~-]+)\)(?:/Observations)?$"
)


class Page(NamedTuple):
    """One page of a list; `next` is what follows on the same host, "" at the end."""

    values: list[Any]
    next: str


class Server:
    """A server with its root; what it has shown to be unable to do is remembered in `lacks`."""

    def __init__(self, config: SensorThingsConfig, manners: Manners = MANNERS) -> None:
        self._config = config
        self.manners = manners
        self.root = ""
        self.about: dict[str, Any] = {}
        self.lacks: set[str] = set()
        self.notes: dict[str, Sentence] = {}
        self.proven: set[bool] = set()  # it has given observations, by whether late ones were asked
        self.listed = 100  # entities that are asked for at once
        self.has_next = False  # it has shown that it says what follows

    @property
    def version(self) -> str:
        """Return the last part of the root, "v1.1"."""
        last = self.root.rpartition("/")[2]
        return last if re.fullmatch(r"v\d+(\.\d+)*", last) else "v1.1"

    def open(self) -> None:
        """
        Find the root among the addresses it may have.

        Raises
        ------
        SourceError
            None of them answers as SensorThings does.
        """
        if self.root:
            return
        first: SourceError | None = None
        for root, door in product(self._config.address.roots, DOORS):
            try:
                about = self.get(f"{root}{door}", is_probe=True)
            except SourceError as error:
                if not (is_unknown(error) or is_refusing(error)):
                    raise
                first = first or error
                continue
            if isinstance(about.get("value"), list):
                self.root, self.about = root, about
                return
        if first is not None:
            raise first
        template = "{host} does not answer as a SensorThings server does."
        hint = "Give the address that ends with /v1.1 or /v1.0."
        raise SourceError(template, hint=hint, host=urlsplit(self._config.url).netloc)

    def address(self, path: str, query: Mapping[str, object]) -> str:
        """Return the address of a path below the root."""
        asked = "&".join(f"{k}={quote(str(v), safe=SAFE)}" for k, v in query.items() if v != "")
        return f"{self.root}/{path}?{asked}" if asked else f"{self.root}/{path}"

    def get(self, url: str, *, is_probe: bool = False) -> dict[str, Any]:
        """
        Return the object at an address.

        What may pass is tried again, `Retry-After` is kept. `is_probe`: an inner fault of the
        server (500) is an answer as well, it may not know what it is asked.

        Raises
        ------
        SourceError
            It cannot be had.
        """

        def ask() -> Any:
            try:
                return self._ask(url)
            except TryAgainError as error:
                if is_probe and error.error.values.get("status") == 500:
                    raise error.error from error
                raise

        found = patiently(ask, manners=self.manners)
        if isinstance(found, list):
            return {"value": found}  # of servers that leave out the frame
        if not isinstance(found, dict):
            template = "{host} does not answer as a SensorThings server does."
            raise SourceError(template, host=urlsplit(url).netloc)
        return found

    def pages(self, url: str, *, is_probe: bool = False) -> Iterator[Page]:
        """Give page after page; a server that leads in a circle is left."""
        seen: set[str] = set()
        before: list[Any] | None = None
        for _ in range(MOST_PAGES):
            seen.add(url)
            page = self.page(url, is_probe=is_probe)
            if page.values and page.values == before:
                self.circle(url)
                return
            if page.next in seen:
                self.circle(page.next)
                page = Page(page.values, "")
            yield page
            if not page.next or (not page.values and before == []):
                return
            url, before = page.next, page.values

    def page(self, url: str, *, is_probe: bool = False) -> Page:
        """Return one page of a list."""
        answer = self.get(url, is_probe=is_probe)
        values = answer.get("value")
        if values is None and "@iot.id" in answer:
            values = [answer]
        if not isinstance(values, list):
            template = "{host} gives no list at {url}."
            raise SourceError(template, host=urlsplit(url).netloc, url=url[:200])
        return Page(values, self.next_of(url, answer.get("@iot.nextLink")))

    def next_of(self, url: str, link: object) -> str:
        """
        Return where a list goes on; never another host or scheme.

        A server behind a proxy often writes its inner name into links. Where only that differs, the
        same is asked at the address that is known; anything else is not followed and told.
        """
        if not isinstance(link, str) or not link.strip():
            return ""
        self.has_next = True
        to = urljoin(url, link.strip())
        if _origin(to) == _origin(url):
            return to
        here, there = urlsplit(url), urlsplit(to)
        self.notes["links"] = say(
            "Links of {host} lead to {other}; they are not followed there.",
            host=here.netloc, other=there.netloc[:100],
        )  # fmt: skip
        if unquote(there.path).rstrip("/").endswith(unquote(url_below(self.root, url))):
            query = f"?{there.query}" if there.query else ""
            return f"{url.partition('?')[0]}{query}"
        return ""

    def circle(self, url: str) -> None:
        """Note that pages lead back to where they came from."""
        host = urlsplit(url).netloc
        self.notes["circle"] = say("{host} leads in a circle from page to page.", host=host)

    def _ask(self, url: str) -> Any:
        headers = {"Accept": "application/json", **self._login()}
        options: dict[str, Any] = {"allow_redirects": False}
        at = url
        for _ in range(MOST_REDIRECTS + 1):
            with request(
                "GET", at, manners=self.manners, headers=headers,
                accept=frozenset({200}) | REDIRECTS, **options,
            ) as response:  # fmt: skip
                if response.status_code not in REDIRECTS:
                    return self._read(url, response)
                at = _redirected(at, response)
        template = "{host} sends the question in a circle."
        raise SourceError(template, hint="Check the address.", host=urlsplit(url).netloc)

    def _login(self) -> dict[str, str]:
        config = self._config
        if config.token is not None:
            return {"Authorization": f"Bearer {config.token.read()}"}
        if config.password is not None:
            from requests.auth import _basic_auth_str  # noqa: PLC0415 - only with a password

            return {"Authorization": _basic_auth_str(config.user, config.password.read())}
        return {}

    def _read(self, url: str, response: requests.Response) -> Any:
        body, end, host = bytearray(), time.monotonic() + LONGEST_ANSWER_S, urlsplit(url).netloc
        for some in response.iter_content(65_536):
            body += some
            if len(body) > self._config.most_bytes:
                template = "{host} answers with more than {bytes} bytes."
                hint = "Lower page, or raise most_bytes."
                raise TooLargeError(template, hint=hint, host=host, bytes=self._config.most_bytes)
            if time.monotonic() > end:
                raise SourceError("{host} answers too slowly.", host=host)
        try:
            return loads(bytes(body), self._config.most_bytes)
        except RefusedError as error:
            if bytes(body[:200]).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
                template = "{host} answers with a web page, not with data."
                hint = "Check the address; the server may be under maintenance or want a login."
                raise PageError(template, hint=hint, host=host) from error
            if error.reason == "not_json":
                raise TryAgainError(half_an_answer(url)) from error
            template = "What {source} gives cannot be read: {reason}."
            raise SourceError(template, source=host, reason=error.detail) from error


SAFE = "(),/:'*~.-_"


class TooLargeError(SourceError):
    """An answer was longer than is read; a smaller page may do."""


class PageError(SourceError):
    """A web page came instead of data."""


def is_unknown(error: SourceError) -> bool:
    """Tell whether a server has said that there is nothing at an address."""
    return isinstance(error, PageError) or error.values.get("status") in {400, 404, 405, 410}


def is_refusing(error: SourceError) -> bool:
    """Tell whether a question was not understood, rather than the server being out of order."""
    status = error.values.get("status")
    return isinstance(status, int) and status in {400, 405, 406, 415, 422, 500, 501}


def is_about_login(error: SourceError) -> bool:
    """Tell whether waiting mends nothing: a login that is not taken, a wrong certificate."""
    from requests.exceptions import SSLError  # noqa: PLC0415 - only for a failure

    return error.values.get("status") in {401, 403} or isinstance(error.__cause__, SSLError)


def wanted_pause_s(error: SourceError) -> float:
    """Return how long a server wants to be left alone, 0 where it has not said so."""
    cause = error.__cause__
    return (cause.wait_s or 0.0) if isinstance(cause, TryAgainError) else 0.0


def sentence_of(error: SourceError) -> Sentence:
    """Return what an error says."""
    return said(error)[0]


def entity_path(kind: str, ident: object, *links: object) -> str:
    """
    Return the path of an entity; the server's own links tell best how it writes its ids.

    >>> entity_path("Datastreams", 7), entity_path("Datastreams", "it's")
    ('Datastreams(7)', "Datastreams('it''s')")
    >>> entity_path("Things", "a-b", "https://example.org/v1.1/Things(a-b)")
    'Things(a-b)'
    """
    for link in links:
        if isinstance(link, str) and (found := OWN_ID.search(unquote(link))) and found[1] == kind:
            return f"{kind}({quote(found[2], safe=SAFE_ID)})"
    if isinstance(ident, int):
        return f"{kind}({ident})"
    doubled = str(ident).replace("'", "''")
    return f"{kind}('{quote(doubled, safe=SAFE_ID)}')"


SAFE_ID = "':~._-@!*"


def url_below(root: str, url: str) -> str:
    """Return the path of an address below the root, without its question."""
    return url.partition("?")[0].removeprefix(root)


def _origin(url: str) -> tuple[str, str, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
        return parts.scheme, (parts.hostname or "").lower(), port
    except ValueError:
        return "", "", None


def _redirected(at: str, response: requests.Response) -> str:
    """Return where an address has moved: on the same host, and never from https to http."""
    to = urljoin(at, response.headers.get("Location", ""))
    here, there = _origin(at), _origin(to)
    is_safer = here[:2] == ("http", there[1]) and there[0] == "https"
    if here != there and not is_safer:
        template = "{host} leads to {url}, which is not followed."
        hint = "If the server has moved, give its new address."
        raise SourceError(template, hint=hint, host=urlsplit(at).netloc, url=to[:200])
    return to
