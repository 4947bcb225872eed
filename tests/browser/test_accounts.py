"""The pages of signing in, in a real browser: axe, keyboard, sizes, cookies."""

from __future__ import annotations

import pytest

from dash_app.app import create_app
from dash_app.settings import Settings
from layers.project_store import open_store
from tests.browser.visit import serious_faults
from tests.conftest import make_toy_city
from tests.dash_app.accounts.conftest import WORDS, quick

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def shared(serve, tmp_path_factory):
    """A shared server on plain http of this machine, with one admin."""
    path = tmp_path_factory.mktemp("store") / "p.sqlite"
    store = open_store(path, check=None)
    kept = quick().hash(WORDS)
    store.accounts.add("erika", name="Erika Muster", role="admin", password_hash=kept)
    settings = Settings(mode="shared", https=False)
    yield serve(create_app(make_toy_city(), settings=settings, store=store))
    store.close()


@pytest.fixture
def page(chromium):
    context = chromium.new_context(viewport={"width": 1280, "height": 720}, locale="de-DE")
    page = context.new_page()
    page.complaints = []
    page.on("console", lambda m: page.complaints.append(m.text) if m.type == "error" else None)
    yield page
    context.close()


def sign_in(page, address, password=WORDS, way="/account"):
    page.goto(f"{address}/login?next={way}")
    page.wait_for_function("document.activeElement?.id === 'acc-login'")
    page.keyboard.type("erika")
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_somebody_signs_in_and_out_with_the_keyboard_alone(page, shared):
    sign_in(page, shared)
    assert page.url == f"{shared}/account"
    assert page.locator("dd").first.inner_text() == "Erika Muster"
    (cookie,) = (c for c in page.context.cookies() if c["name"] == "twin-session")
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"
    assert "twin-session" not in page.evaluate("document.cookie")
    with page.expect_navigation():
        page.get_by_role("button", name="Abmelden", exact=True).press("Enter")
    assert page.url == f"{shared}/login"
    assert page.complaints == []
    page.goto(f"{shared}/api/me")
    assert '"role":"public"' in page.inner_text("body")


def test_a_wrong_password_is_said_and_the_cursor_stands_in_the_field(page, shared):
    sign_in(page, shared, "wrong")
    assert "stimmen nicht" in page.get_by_role("alert").inner_text()
    assert page.locator("#acc-login").input_value() == "erika"
    assert page.evaluate("document.activeElement.id") == "acc-password"


@pytest.mark.parametrize(("theme", "size"), [("light", (1280, 720)), ("dark", (390, 844))])
def test_axe_finds_nothing_serious_and_nothing_sticks_out(page, shared, theme, size):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme=theme)
    sign_in(page, shared, "wrong")
    assert serious_faults(page) == []
    sign_in(page, shared)
    for path in ("/account", "/admin", "/admin?lang=en"):
        page.goto(shared + path)
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        assert serious_faults(page) == []
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= size[0]


def test_another_page_cannot_act_for_somebody_who_is_signed_in(page, shared):
    """A page of another origin sends a form and a fetch: the browser says so, we refuse."""
    sign_in(page, shared)
    answers = []
    page.on("response", lambda r: answers.append((r.request.method, r.status)))
    page.goto("about:blank")
    page.set_content(f'<form method="post" action="{shared}/logout"><button>x</button></form>')
    with page.expect_navigation():
        page.get_by_role("button").click()
    assert ("POST", 403) in answers
    page.goto(f"{shared}/api/me")
    assert '"role":"admin"' in page.inner_text("body")
