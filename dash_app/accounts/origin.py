"""Where a request comes from: our own page, another site, under which name of the server."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.datastructures import Headers

    from dash_app.settings import Settings

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""


def host_of(header: str | None) -> str:
    """
    Return the name in a Host header, lower case and without port; empty where there is none.

    >>> host_of("Twin.Town.de:8050"), host_of("[::1]:80"), host_of("a b"), host_of(None)
    ('twin.town.de', '::1', '', '')
    """
    if not header or any(sign in header for sign in " /\\@?#,\t"):
        return ""
    try:
        return (urlsplit(f"//{header}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def is_known_host(header: str | None, settings: Settings) -> bool:
    """
    Return whether a server may be asked for under this name.

    A page of somebody else can make its own name point to this machine (DNS rebinding), but it
    cannot make a name that it does not own do so, nor a bare address. A shared server without any
    name in its settings takes every name, since its visitors are no more than public anyway.
    """
    name = host_of(header)
    named = {*(host.lower() for host in settings.hosts), host_of(urlsplit(settings.address).netloc)}
    if settings.mode == "shared" and named == {""}:
        return bool(name)
    here = name == "localhost" or name.endswith(".localhost") or is_ip(name)
    return bool(name) and (here or name in named)


def is_ip(text: str) -> bool:
    """Return whether a text is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_local(client: str | None) -> bool:
    """
    Return whether a client sits at this machine; what has no IP address is a local socket.

    >>> is_local("127.0.0.1"), is_local("::1"), is_local("192.168.1.4"), is_local(None)
    (True, True, False, True)
    """
    if client is None or not is_ip(client):
        return True
    address = ip_address(client)
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def is_cross_site(headers: Headers, settings: Settings) -> bool:
    """
    Return whether a browser says that another page than ours sent this request.

    Every browser of today says so, in `Sec-Fetch-Site` or `Origin`; programs send neither.
    """
    site = headers.get("sec-fetch-site")
    if site is not None and site not in {"same-origin", "none"}:
        return True
    origins = headers.getlist("origin")
    return any(origin not in _own(headers, settings) for origin in origins)


def _own(headers: Headers, settings: Settings) -> Iterable[str]:
    """Return the origins of our own page, as its name in the request has it."""
    host = headers.get("host", "").lower()
    names = {f"http://{host}", f"https://{host}"}
    return {*names, settings.address.lower()} if settings.address else names
