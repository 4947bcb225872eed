"""What the sign-in pages work with, and how they answer."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute

from dash_app.accounts.access import signed_in_of
from dash_app.accounts.errors import AccessError
from dash_app.accounts.forms import safe_next, words_of
from dash_app.accounts.pages import POLICY, Sheet, message_page
from dash_app.accounts.sessions import (
    cookie_name,
    csrf_of,
    drop_cookie,
    hashed,
    open_session,
    set_cookie,
)
from twin.errors import TwinError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from fastapi import Request, Response

    from dash_app.accounts.oidc import Provider
    from dash_app.accounts.passwords import Passwords
    from dash_app.settings import Settings
    from layers.project_store import Account, ProjectStore

HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Vary": "Cookie, Accept-Language",
}


@dataclass(frozen=True, eq=False)
class Desk:
    """Everything that signing in needs; `provider` where the town has its own service."""

    settings: Settings
    store: ProjectStore
    passwords: Passwords
    provider: Provider | None
    town: str
    lang: str

    def sheet(self, request: Request) -> Sheet:
        """Return language, town and way on for a page."""
        words = words_of(request, self.lang)
        return Sheet(words, self.town, safe_next(request.query_params.get("next")))

    def page(self, html: str, *, status: int = 200, wait_s: int = 0) -> HTMLResponse:
        """Return a page that is kept nowhere."""
        more = {"Retry-After": str(wait_s)} if wait_s else {}
        return HTMLResponse(html, status, {**HEADERS, **more})

    def refused(self, request: Request, error: TwinError) -> HTMLResponse:
        """Return the page that says why not."""
        sheet = self.sheet(request)
        status = error.status if isinstance(error, AccessError) else 503
        wait_s = error.wait_s if isinstance(error, AccessError) else 0
        heading = sheet.words.text("That did not work")
        html = message_page(sheet, heading, sheet.words.error(error))
        return self.page(html, status=status, wait_s=wait_s)

    def welcome(self, request: Request, account: Account, way: str) -> RedirectResponse:
        """
        Give the browser of somebody who has just signed in a new session, and send it on.

        Whatever session it had before is over, so that nobody can have planted one.
        """
        self.forget(request)
        token = open_session(self.store, self.settings, account)
        answer = go_to(way)
        set_cookie(answer, self.settings, token, seconds=3600 * self.settings.sessions.hours)
        drop_cookie(answer, self.settings, what="form")
        return answer

    def forget(self, request: Request) -> None:
        """End the session of a browser."""
        if token := request.cookies.get(cookie_name(self.settings)):
            self.store.accounts.end_session(hashed(token))

    def form_token(self, request: Request) -> tuple[str, str]:
        """Return the cookie of a browser that is not signed in, and the proof for its form."""
        known = request.cookies.get(cookie_name(self.settings, "form"), "")
        cookie = known if 20 <= len(known) <= 100 else secrets.token_urlsafe(32)
        return cookie, csrf_of(cookie)

    def is_own_form(self, request: Request, form: dict[str, str]) -> bool:
        """Return whether a form was given out to this browser."""
        found = signed_in_of(request)
        cookie = request.cookies.get(cookie_name(self.settings, "form"), "")
        expected = found.csrf if found else csrf_of(cookie) if cookie else ""
        sent = form.get("form", "")
        return bool(expected) and hmac.compare_digest(sent.encode(), expected.encode())


def page_route(desk: Desk) -> type[APIRoute]:
    """Return the kind of route whose faults become a page."""

    class PageRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handler = super().get_route_handler()

            async def caught(request: Request) -> Response:
                try:
                    return await handler(request)
                except TwinError as error:
                    return desk.refused(request, error)

            return caught

    return PageRoute


def go_to(way: str) -> RedirectResponse:
    """Send a browser on with GET; nothing of it is kept."""
    return RedirectResponse(way, 303, {"Cache-Control": "no-store"})
