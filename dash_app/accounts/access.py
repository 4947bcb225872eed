"""Who asks: the viewer of a request, and whether it may change anything."""

from __future__ import annotations

import getpass
import hmac
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from starlette.requests import HTTPConnection  # noqa: TC002 - FastAPI reads the annotations

from dash_app.accounts.errors import AccessError
from dash_app.accounts.origin import is_cross_site, is_local
from dash_app.accounts.sessions import SignedIn, signed_in
from dash_app.settings import Settings
from dash_app.workspace.privacy import fine_of
from dash_app.workspace.viewer import PUBLIC, Viewer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from layers.project_store import ProjectStore

KEY, FOUND = "twin.access", "twin.signed_in"
TOKEN_HEADER = "x-twin-token"


@dataclass(frozen=True, eq=False)
class Access:
    """What decides about a request; the guard hands it on with each one."""

    settings: Settings
    store: ProjectStore | None  # none: nobody can sign in

    @property
    def is_shared(self) -> bool:
        """Whether several people use this server."""
        return self.settings.mode == "shared"


ALONE = Access(Settings(), None)
"""A laptop whose application has no guard; local requests are those of its owner."""


def access_of(request: HTTPConnection) -> Access:
    """Return what the guard handed on."""
    found: Access = request.scope.get(KEY, ALONE)
    return found


def signed_in_of(request: HTTPConnection) -> SignedIn | None:
    """Return who is signed in by the cookie of a request; asked once a request."""
    access = access_of(request)
    if not access.is_shared or access.store is None:
        return None
    if FOUND not in request.scope:
        request.scope[FOUND] = signed_in(access.store, access.settings, request.cookies)
    found: SignedIn | None = request.scope[FOUND]
    return found


def viewer_of(request: HTTPConnection) -> Viewer:
    """
    Return who sends a request.

    On a laptop everybody who sits at it is its owner, and others see what is public. On a shared
    server everybody is public until signed in.
    """
    access = access_of(request)
    if not access.is_shared:
        client = request.client.host if request.client else None
        return _owner(access.settings) if is_local(client) else PUBLIC
    found = signed_in_of(request)
    if found is None:
        return PUBLIC
    account = found.account
    fine = fine_of(account.role, access.settings)
    return Viewer(account.role, account.name, account.id, fine)


def token_of(request: HTTPConnection) -> str:
    """Return what a page must send as `X-Twin-Token` with changes; empty where not needed."""
    found = signed_in_of(request)
    return found.csrf if found else ""


def may_change(request: HTTPConnection) -> Viewer:
    """
    Return the viewer of a request that changes something, or refuse it.

    Use it as a dependency (`Depends(may_change)`) of every route that changes scenarios.

    Raises
    ------
    AccessError
        Nobody is signed in (401), or another site sent it, or the token is missing or old (403).
    """
    access = access_of(request)
    if is_cross_site(request.headers, access.settings):
        raise AccessError(
            "The request came from another page and was not carried out.",
            hint="Use the page of the twin itself.",
        )
    viewer = viewer_of(request)
    if not viewer.may_edit:
        raise AccessError(
            "Only people who are signed in may change something.", hint="Sign in.", status=401
        )
    expected = token_of(request)
    sent = request.headers.get(TOKEN_HEADER, "")
    if not hmac.compare_digest(sent.encode(), expected.encode()) and expected:
        raise AccessError(
            "The page is older than your sign-in; nothing was changed.", hint="Load it again."
        )
    return viewer


def log(
    store: ProjectStore,
    viewer: Viewer,
    action: str,
    what: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """
    Write into the log what a viewer did; `action` is one word, `what` the name of what changed.

    The detail must hold no personal data beyond names of accounts.
    """
    more = {"account": viewer.account_id} if viewer.account_id else {}
    store.accounts.log(viewer.name, action, what, {**(detail or {}), **more})


def _owner(settings: Settings) -> Viewer:
    return Viewer("admin", _user_name(), "", fine_of("admin", settings))


@cache
def _user_name() -> str:
    """Return the name of the person at this machine, as the operating system has it."""
    try:
        name = getpass.getuser().strip()
    except (OSError, KeyError, ImportError):
        name = ""
    return name[:1].upper() + name[1:] if name and name != "root" else "Planner"
