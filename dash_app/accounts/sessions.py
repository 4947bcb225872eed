"""A browser that is signed in: a random token in a cookie, of which the store knows the hash."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from twin.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from dash_app.settings import Settings
    from layers.project_store import Account, ProjectStore

TOUCH_AFTER = timedelta(seconds=60)
"""So often at most the time of the last request is written down."""

LONGEST_TOKEN = 200


@dataclass(frozen=True)
class SignedIn:
    """The account of a session, and what proves that a change comes from our own page."""

    account: Account
    token_hash: str
    csrf: str


def cookie_name(settings: Settings, what: str = "session") -> str:
    """Return the name of a cookie; over TLS browsers take `__Host-` from this very host only."""
    return f"__Host-twin-{what}" if settings.https else f"twin-{what}"


def open_session(store: ProjectStore, settings: Settings, account: Account) -> str:
    """Note that an account has signed in, and return the new token of its browser."""
    token = secrets.token_urlsafe(32)
    ends = datetime.now(UTC) + timedelta(hours=settings.sessions.hours)
    store.accounts.open_session(hashed(token), account.id, ends)
    return token


def signed_in(
    store: ProjectStore, settings: Settings, cookies: Mapping[str, str]
) -> SignedIn | None:
    """Return who a cookie belongs to; nobody where the session has ended or is not known."""
    token = cookies.get(cookie_name(settings), "")
    if not token or len(token) > LONGEST_TOKEN:
        return None
    session = store.accounts.session(hashed(token))
    if session is None:
        return None
    now = datetime.now(UTC)
    idle = timedelta(minutes=settings.sessions.idle_minutes)
    if session.account.disabled or now >= session.ends or now >= session.last_seen + idle:
        store.accounts.end_session(session.token_hash)
        return None
    if now >= session.last_seen + min(TOUCH_AFTER, idle / 4):
        with suppress(StoreError):  # a busy database is no reason to refuse a page
            store.accounts.touch(session.token_hash, now)
    return SignedIn(session.account, session.token_hash, csrf_of(token))


def hashed(token: str) -> str:
    """Return what the store knows of a token; a random one needs no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def csrf_of(token: str) -> str:
    """Return the proof that goes with a token; the token cannot be found from it."""
    digest = hmac.new(token.encode("utf-8", "replace"), b"twin: changes", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def set_cookie(
    response: Response, settings: Settings, value: str, *, what: str = "session", seconds: int
) -> None:
    """Give a browser a cookie that scripts cannot read and other sites cannot use."""
    response.set_cookie(
        cookie_name(settings, what), value, max_age=seconds, path="/", secure=settings.https,
        httponly=True, samesite="lax",
    )  # fmt: skip


def drop_cookie(response: Response, settings: Settings, *, what: str = "session") -> None:
    """Take a cookie away again."""
    response.delete_cookie(
        cookie_name(settings, what), path="/", secure=settings.https, httponly=True, samesite="lax"
    )
