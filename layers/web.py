"""Asking a server: politely, with patience, and with every refusal put into words."""

from __future__ import annotations

import errno
import random
import re
import time
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import requests
from requests import exceptions as fault
from urllib3.exceptions import InvalidHeader, NameResolutionError
from urllib3.util import Retry

from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

T = TypeVar("T")

BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may differ in a moment."""


@dataclass(frozen=True)
class Manners:
    """How patiently a server is asked. `sleep` is exchanged in tests."""

    attempts: int = 5
    first_wait_s: float = 2.0  # doubles with every attempt
    longest_wait_s: float = 120.0  # what a person at the desk still takes for waiting
    connect_timeout_s: float = 15.0
    read_timeout_s: float = 200.0
    sleep: Callable[[float], None] = time.sleep

    def wait_s(self, attempt: int) -> float:
        """
        Return the pause after the failed attempt number `attempt` (from 0), with jitter.

        Between half and all of the doubled time, so that many clients do not return together.

        >>> 4.0 <= Manners(first_wait_s=2).wait_s(2) <= 8.0
        True
        """
        longest = min(self.first_wait_s * 2.0**attempt, self.longest_wait_s)
        return longest * random.uniform(0.5, 1)


class TryAgainError(Exception):
    """A refusal that may pass: `error` is what people are told once patience ends."""

    def __init__(self, error: SourceError, *, wait_s: float | None = None) -> None:
        self.error = error
        self.wait_s = wait_s  # what the server asked for
        super().__init__(str(error))


def user_agent() -> str:
    """Return the name this program gives itself to servers; nothing else is told to them."""
    try:
        number = version("troisdorf-twin")
    except PackageNotFoundError:  # run from a folder that was never installed
        number = "0"
    return f"troisdorf-twin/{number} (open digital twin of a municipality)"


def patiently(ask: Callable[[], T], *, manners: Manners) -> T:
    """
    Call `ask` until it stops raising `TryAgainError`, pausing longer each time.

    A pause the server names is kept; if it is longer than `manners.longest_wait_s`, or after the
    last attempt, the `SourceError` inside is raised.
    """
    for attempt in range(manners.attempts):
        try:
            return ask()
        except TryAgainError as refusal:
            wait = manners.wait_s(attempt) if refusal.wait_s is None else refusal.wait_s
            if attempt + 1 == manners.attempts or wait > manners.longest_wait_s:
                raise refusal.error from refusal
            manners.sleep(wait)
    msg = "attempts must be at least 1"
    raise ValueError(msg)


@contextmanager
def request(
    method: str,
    url: str,
    *,
    manners: Manners,
    headers: Mapping[str, str] | None = None,
    accept: frozenset[int] = frozenset({200}),
    **content: Mapping[str, str],
) -> Iterator[requests.Response]:
    """
    Send one request and give the open answer; its body is not read yet.

    `content` is `params` or `data`. Raises `TryAgainError` for what may pass, `SourceError` for
    the rest, also while the body is read inside the `with`.
    """
    sent = {"User-Agent": user_agent(), **(headers or {})}
    timeout = (manners.connect_timeout_s, manners.read_timeout_s)
    try:
        with requests.request(
            method,
            url,
            headers=sent,
            timeout=timeout,
            stream=True,
            **content,  # type: ignore[arg-type]
        ) as response:
            if response.status_code not in accept:
                raise refusal(response)
            yield response
    except fault.RequestException as error:
        raise explain(error, url) from error


def _shown(response: requests.Response) -> str:
    """Return the address without what is asked for: keys to a service stand there."""
    return str(response.url).partition("?")[0]


def refusal(response: requests.Response) -> SourceError | TryAgainError:
    """Put a status other than success into words."""
    status, host = response.status_code, _host(response.url)
    if status in BUSY:
        template = "{host} is busy or out of order (HTTP {status})."
        busy = SourceError(template, hint="Try again later.", host=host, status=status)
        return TryAgainError(busy, wait_s=retry_after_s(response))
    if status in {401, 403}:
        template = "{host} refuses to give {url} (HTTP {status})."
        hint = "The address may need a login, or the server has blocked this network."
        return SourceError(template, hint=hint, host=host, url=_shown(response), status=status)
    if status in {404, 410}:
        template = "{host} does not know {url} (HTTP {status})."
        hint = "Check the address; the file may have moved."
        return SourceError(template, hint=hint, host=host, url=_shown(response), status=status)
    template = "{host} answered {url} with HTTP {status} {reason}."
    reason = response.reason or ""
    return SourceError(template, host=host, url=_shown(response), status=status, reason=reason)


def retry_after_s(response: requests.Response) -> float | None:
    """Return the seconds of a `Retry-After` header (number or date), None where there is none."""
    value = response.headers.get("Retry-After")
    try:
        return None if value is None else float(Retry().parse_retry_after(value))
    except InvalidHeader:
        return None


def explain(error: fault.RequestException, url: str) -> SourceError | TryAgainError:
    """Put a failed connection into words, and say whether it may pass."""
    host, reason = _host(url), _reason(error)
    if isinstance(error, (fault.InvalidURL, fault.InvalidSchema, fault.MissingSchema)):
        return SourceError("{url} is not a web address.", hint="It starts with https://.", url=url)
    if isinstance(error, (fault.SSLError, fault.ProxyError)):
        return _no_trust(error, host, reason)
    if isinstance(error, fault.Timeout) or "timed out" in reason:
        late = SourceError("{host} did not answer in time.", hint="Try again later.", host=host)
        return TryAgainError(late)
    if isinstance(error, (fault.ChunkedEncodingError, fault.ContentDecodingError)):
        return TryAgainError(half_an_answer(url))
    if isinstance(error, fault.ConnectionError):
        return _no_connection(error, host, reason)
    template = "Asking {host} failed: {reason}."
    return SourceError(template, host=host, reason=reason)


def half_an_answer(url: str) -> SourceError:
    """Return the error for a body that ends too early."""
    template = "{host} broke off in the middle of its answer."
    hint = "Check the network connection and try again; what has arrived is kept where possible."
    return SourceError(template, hint=hint, host=_host(url))


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Put into words what the disk refuses while `path` is written."""
    try:
        yield
    except fault.RequestException:
        raise  # also an OSError, but the network's
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            template = "The disk is full; {path} was not written."
            raise SourceError(template, hint="Free some space.", path=path) from error
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}:
            template = "{path} may not be written."
            hint = "Choose another cache folder or change its permissions."
            raise SourceError(template, hint=hint, path=path) from error
        template = "{path} cannot be written: {reason}."
        reason = error.strerror or str(error)
        raise SourceError(template, path=path, reason=reason) from error


def _no_trust(error: fault.ConnectionError, host: str, reason: str) -> SourceError:
    if isinstance(error, fault.ProxyError):
        template = "The proxy on the way to {host} does not answer ({reason})."
        return SourceError(template, hint="Check HTTPS_PROXY.", host=host, reason=reason)
    template = "{host} cannot be trusted: its certificate does not hold ({reason})."
    hint = "Check the clock of this computer, and whether a proxy opens secure connections."
    return SourceError(template, hint=hint, host=host, reason=reason)


def _no_connection(
    error: fault.ConnectionError, host: str, reason: str
) -> SourceError | TryAgainError:
    inner = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(inner, NameResolutionError):
        template = "The server {host} was not found."
        hint = "Check the network connection and the spelling of the address."
        return SourceError(template, hint=hint, host=host)
    hint = "Check the network connection and try again."
    unreachable = SourceError(
        "No connection to {host} ({reason}).", hint=hint, host=host, reason=reason
    )
    broken_off = "aborted" in reason or "reset" in reason or "closed" in reason
    return TryAgainError(unreachable) if broken_off else unreachable


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2] or url


def _reason(error: BaseException) -> str:
    """Return the innermost words of a chain of wrapped errors, without object addresses."""
    inner: object = error
    while isinstance(inner, BaseException):
        nested = getattr(inner, "reason", None)
        if not isinstance(nested, BaseException):
            nested = next((a for a in inner.args[::-1] if isinstance(a, BaseException)), None)
        if nested is None:
            break
        inner = nested
    words = getattr(inner, "strerror", None) or str(inner)
    plain = re.sub(r"^.*(\[Errno -?\d+\]|>:|\):) ", "", str(words)).strip(". ")
    return plain or type(inner).__name__
