"""The addresses of signing in: `/login`, `/logout`, `/account`, `/admin`, `/api/me`."""

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from dash_app.accounts import limits, pages
from dash_app.accounts.access import signed_in_of, token_of, viewer_of
from dash_app.accounts.desk import Desk, go_to, page_route
from dash_app.accounts.errors import AccessError
from dash_app.accounts.forms import read_form, safe_next
from dash_app.accounts.joining import account_of
from dash_app.accounts.oidc import OidcError, Provider, Started, new_start
from dash_app.accounts.passwords import SHORTEST, Passwords
from dash_app.accounts.sessions import SignedIn, cookie_name, drop_cookie, hashed, set_cookie
from dash_app.accounts.signing import change_password, sign_in
from dash_app.api.problems import RESPONSES, ProblemRoute
from dash_app.settings import Settings
from dash_app.workspace.viewer import Role
from layers.project_store import ProjectStore

RETURN_PATH = "/login/oidc/return"
UNDER_WAY_S = 600
LOG_LINES = 100

Form = Annotated[dict[str, str], Depends(read_form)]


class Me(BaseModel):
    """Who is asking, and what a page needs to know of it."""

    role: Role
    name: str = Field(description="What changes are signed with; empty for the public")
    token: str = Field(description="To be sent as `X-Twin-Token` with every change; may be empty")
    fine: bool = Field(description="Whether single buildings may be shown")
    mode: Literal["laptop", "shared"]


def account_router(
    settings: Settings,
    store: ProjectStore | None,
    *,
    town: str = "Troisdorf Twin",
    lang: str = "de",
    passwords: Passwords | None = None,
) -> APIRouter:
    """
    Return the routes of signing in; on a laptop there is nothing to sign in to.

    `AccessGuard` must stand in front of the application with the same settings and store.
    """
    router = APIRouter()
    router.include_router(_me_router(settings))
    if settings.mode == "laptop" or store is None:
        for path in ("/login", "/logout", "/account", "/admin"):
            router.add_api_route(path, lambda: go_to("/"), include_in_schema=False)
        return router
    provider = None
    if settings.oidc is not None:
        provider = Provider(settings.oidc, settings.address + RETURN_PATH)
    desk = Desk(settings, store, passwords or Passwords(), provider, town, lang)
    shown = APIRouter(route_class=page_route(desk), include_in_schema=False)
    _add_sign_in(shown, desk)
    _add_account(shown, desk)
    _add_password(shown, desk)
    _add_admin(shown, desk)
    if provider is not None:
        _add_service(shown, desk, provider)
    router.include_router(shown)
    return router


def _me_router(settings: Settings) -> APIRouter:
    router = APIRouter(route_class=ProblemRoute)

    @router.get("/api/me", tags=["accounts"], responses=RESPONSES)
    def me(request: Request, response: Response) -> Me:
        """Say who is asking: role, name, and the token that changes need."""
        viewer = viewer_of(request)
        response.headers["Cache-Control"] = "no-store"
        return Me(
            role=viewer.role, name=viewer.name, token=token_of(request), fine=viewer.fine,
            mode=settings.mode,
        )  # fmt: skip

    return router


def _add_sign_in(router: APIRouter, desk: Desk) -> None:
    def asked(request: Request, *, login: str = "", error: AccessError | None = None) -> Response:
        sheet = desk.sheet(request)
        cookie, token = desk.form_token(request)
        html = pages.sign_in_page(
            sheet,
            token=token,
            login=login,
            problem=sheet.words.error(error) if error else "",
            service=desk.provider.oidc.name if desk.provider else "",
        )
        page = desk.page(
            html, status=error.status if error else 200, wait_s=error.wait_s if error else 0
        )
        set_cookie(page, desk.settings, cookie, what="form", seconds=3600)
        return page

    @router.get("/login")
    def login_page(request: Request) -> Response:
        if signed_in_of(request):
            return go_to(safe_next(request.query_params.get("next")))
        return asked(request)

    @router.post("/login")
    def login(request: Request, form: Form) -> Response:
        name = form.get("login", "")
        try:
            if not desk.is_own_form(request, form):
                raise _stale_form(desk.settings)
            account = sign_in(
                desk.store, desk.passwords, name, form.get("password", ""), _address(request)
            )
        except AccessError as error:
            return asked(request, login=name[:200], error=error)
        return desk.welcome(request, account, safe_next(request.query_params.get("next")))


def _add_account(router: APIRouter, desk: Desk) -> None:
    @router.get("/account")
    @router.get("/logout")
    def account(request: Request) -> Response:
        found = signed_in_of(request)
        return _account_page(desk, request, found) if found else go_to("/login")

    @router.post("/logout")
    def logout(request: Request, form: Form) -> Response:
        found = signed_in_of(request)
        if found is not None:
            _refuse_foreign(desk, request, form)
            _sign_out(desk.store, found, everywhere=bool(form.get("everywhere")))
        answer = go_to("/login")
        answer.headers["Clear-Site-Data"] = '"cache"'
        drop_cookie(answer, desk.settings)
        return answer


def _add_password(router: APIRouter, desk: Desk) -> None:
    @router.post("/account/password")
    def password(request: Request, form: Form) -> Response:
        found = signed_in_of(request)
        if found is None:
            return go_to("/login")
        _refuse_foreign(desk, request, form)
        problems = _password_problems(desk, request, form, found)
        if problems:
            return _account_page(desk, request, found, problems)
        desk.store.accounts.log(found.account.name, "password_changed")
        return desk.welcome(request, found.account, "/account")


def _account_page(
    desk: Desk, request: Request, found: SignedIn, problems: Sequence[str] = ()
) -> Response:
    html = pages.account_page(
        desk.sheet(request), found.account, token=found.csrf, problems=problems, least=SHORTEST
    )
    return desk.page(html, status=422 if problems else 200)


def _sign_out(store: ProjectStore, found: SignedIn, *, everywhere: bool) -> None:
    store.accounts.end_session(found.token_hash)
    if everywhere:
        store.accounts.end_sessions(found.account.id)
    store.accounts.log(found.account.name, "sign_out_everywhere" if everywhere else "sign_out")


def _password_problems(
    desk: Desk, request: Request, form: dict[str, str], found: SignedIn
) -> list[str]:
    """Change the password, or return why not."""
    words = desk.sheet(request).words
    account, new = found.account, form.get("new", "")
    if new != form.get("again", ""):
        return [words.text("The two new passwords differ.")]
    limits.attempt(desk.store, account.login, _address(request))
    right, _ = desk.passwords.check(form.get("old", ""), account.password_hash)
    if not right:
        return [words.text("The password until now is not right.")]
    limits.succeeded(desk.store, account.login, _address(request))
    faults = change_password(desk.store, desk.passwords, account, new)
    return [words.sentence(fault) for fault in faults]


def _add_admin(router: APIRouter, desk: Desk) -> None:
    @router.get("/admin")
    def admin(
        request: Request, before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None
    ) -> Response:
        if signed_in_of(request) is None:
            return go_to("/login?next=/admin")
        if viewer_of(request).role != "admin":
            raise AccessError("This page is for admins.")
        accounts = desk.store.accounts
        entries = accounts.entries(most=LOG_LINES, before=before)
        html = pages.admin_page(desk.sheet(request), accounts.all(), entries, most=LOG_LINES)
        return desk.page(html)


def _add_service(router: APIRouter, desk: Desk, provider: Provider) -> None:
    accounts = desk.store.accounts

    @router.get("/login/oidc")
    def start(request: Request) -> Response:
        limits.start(desk.store, _address(request))
        started, browser = new_start(), new_start().state
        address = provider.address(started)
        under_way = {
            "browser": hashed(browser), "nonce": started.nonce, "verifier": started.verifier,
            "next": safe_next(request.query_params.get("next")),
        }  # fmt: skip
        accounts.put_ticket(f"oidc:{hashed(started.state)}", under_way, limits.later(UNDER_WAY_S))
        answer = go_to(address)
        set_cookie(answer, desk.settings, browser, what="signin", seconds=UNDER_WAY_S)
        return answer

    @router.get(RETURN_PATH)
    def came_back(request: Request) -> Response:
        answer = dict(request.query_params)
        state = answer.get("state", "")
        under_way = accounts.take_ticket(f"oidc:{hashed(state)}")  # a second time there is none
        browser = request.cookies.get(cookie_name(desk.settings, "signin"), "")
        if under_way is None or under_way["browser"] != hashed(browser):
            raise AccessError(
                "This sign-in is over or was begun in another browser.", hint="Sign in again."
            )
        started = Started(state, under_way["nonce"], under_way["verifier"])
        try:
            account = account_of(desk.store, provider.oidc, provider.identity(answer, started))
        except OidcError as error:
            accounts.log("", "sign_in_failed", provider.oidc.name, {"reason": error.reason})
            raise
        accounts.log(account.name, "sign_in", provider.oidc.name, {"account": account.id})
        response = desk.welcome(request, account, under_way["next"])
        drop_cookie(response, desk.settings, what="signin")
        return response


def _stale_form(settings: Settings) -> AccessError:
    """Say why a form is not taken; without TLS browsers do not keep a cookie that asks for it."""
    hint = (
        "Sign in again, at an address that begins with https."
        if settings.https
        else "Sign in again."
    )
    return AccessError("The page was open for too long, or cookies are switched off.", hint=hint)


def _refuse_foreign(desk: Desk, request: Request, form: dict[str, str]) -> None:
    if not desk.is_own_form(request, form):
        raise AccessError(
            "The page is older than your sign-in; nothing was changed.", hint="Load it again."
        )


def _address(request: Request) -> str | None:
    return request.client.host if request.client else None
