"""What stands in front of the application, on a laptop and on a shared server."""

import pytest
from fastapi import Request
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from dash_app.accounts import log, viewer_of
from dash_app.accounts.origin import is_known_host
from dash_app.settings import Settings
from dash_app.workspace.viewer import Viewer
from tests.dash_app.accounts.conftest import make_town


@pytest.fixture
def laptop(store, passwords):
    return make_town(Settings(), store, passwords)


def test_whoever_sits_at_the_laptop_owns_it(laptop):
    browser = laptop.browser()
    me = browser.get("/api/me").json()
    assert (me["role"], me["fine"], me["mode"], me["token"]) == ("admin", True, "laptop", "")
    assert me["name"]
    assert browser.post("/change").json() == me["name"]
    for path in ("/login", "/logout", "/account", "/admin"):
        assert browser.get(path).headers["location"] == "/"


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_all_names_of_the_machine_itself_are_local(laptop, address):
    assert laptop.browser(client=(address, 1)).get("/who").json()["role"] == "admin"


@pytest.mark.parametrize("address", ["192.168.1.20", "2001:db8::1", "::ffff:10.0.0.1"])
def test_others_in_the_network_see_what_is_public(laptop, address):
    browser = laptop.browser(client=(address, 1))
    assert browser.get("/who").json() == {"role": "public", "name": "", "fine": False}
    assert browser.post("/change").status_code == 401


def test_the_settings_decide_about_single_buildings(store, passwords):
    settings = Settings(privacy={"building_level": False})
    town = make_town(settings, store, passwords)
    assert town.browser().get("/who").json()["fine"] is False


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200), ("localhost:8050", 200), ("LOCALHOST", 200), ("127.0.0.1:80", 200),
        ("[::1]:8050", 200), ("192.168.1.20:8050", 200), ("twin.localhost", 200),
        ("evil.org", 421), ("localhost.evil.org", 421), ("evil.org:8050", 421), ("evil", 421),
        ("127.0.0.1.evil.org", 421), ("localhost@evil.org", 421), ("a b", 421), ("", 421),
        ("evil.org/localhost", 421), ("2130706433", 421), ("[::1", 421),
    ],
)  # fmt: skip
def test_a_foreign_name_that_points_here_is_refused(laptop, host, status):
    """DNS rebinding: the page of evil.org must not become one origin with this server."""
    for path in ("/who", "/api/me", "/nothing"):
        found = laptop.browser().get(path, headers={"host": host}).status_code
        assert found == (404 if path == "/nothing" and status == 200 else status)


def test_a_shared_server_knows_its_names():
    named = Settings(mode="shared", address="https://twin.town.de", hosts=("twin.intern",))
    assert is_known_host("twin.town.de", named)
    assert is_known_host("TWIN.intern:443", named)
    assert is_known_host("127.0.0.1", named)
    assert not is_known_host("evil.org", named)
    assert is_known_host("anything.org", Settings(mode="shared"))
    assert not is_known_host(None, Settings(mode="shared"))


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200), ({"sec-fetch-site": "same-origin"}, 200), ({"sec-fetch-site": "none"}, 200),
        ({"origin": "http://localhost"}, 200), ({"origin": "http://localhost:1"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403), ({"origin": "https://evil.org"}, 403),
        ({"sec-fetch-site": ""}, 403), ({"origin": ""}, 403),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/change", "/_dash-update-component"])
def test_another_page_in_the_browser_cannot_press_our_buttons(laptop, headers, status, path):
    assert laptop.browser().post(path, headers=headers).status_code == status


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "post", "FOO"])
def test_every_method_but_reading_is_watched(laptop, method):
    headers = {"origin": "https://evil.org"}
    assert laptop.browser().request(method, "/change", headers=headers).status_code == 403


def test_reading_from_elsewhere_is_left_to_the_browser(laptop):
    """A link from another page may open ours; CORP and no CORS keep the answer from it."""
    assert laptop.browser().get("/who", headers={"sec-fetch-site": "cross-site"}).status_code == 200


def test_sockets_of_other_pages_are_closed(laptop):
    @laptop.app.websocket("/socket")
    async def answer(connection) -> None:
        await connection.accept()
        await connection.close()

    browser = laptop.browser()
    socket = browser.websocket_connect("/socket", headers={"origin": "https://evil.org"})
    with pytest.raises(WebSocketDisconnect) as caught, socket:
        pass
    assert caught.value.code == 1008


def test_browsers_are_told_to_stay_with_tls(laptop, town, store, passwords):
    header = "strict-transport-security"
    assert header in town.browser().get("/who").headers
    assert header not in laptop.browser().get("/who").headers
    plain = make_town(Settings(mode="shared", https=False), store, passwords)
    assert header not in plain.browser().get("/who").headers


def test_without_a_guard_nobody_is_more_than_local(store, passwords):
    """An application that forgot the guard must not take a shared server for a laptop."""
    town = make_town(Settings(mode="shared"), store, passwords)
    town.app.user_middleware.clear()

    @town.app.get("/plain")
    def plain(request: Request) -> str:
        return viewer_of(request).role

    remote = TestClient(town.app, client=("10.0.0.1", 1))
    assert remote.get("/plain").json() == "public"


def test_the_log_says_who_and_what(store):
    log(store, Viewer("planner", "Ada", "7"), "edit", "Oberlar 2035", {"measures": 3})
    log(store, Viewer("admin", "Grace"), "publish", "Oberlar 2035")
    second, first = store.accounts.entries()
    assert (first.account, first.action, first.what) == ("Ada", "edit", "Oberlar 2035")
    assert first.detail == {"measures": 3, "account": "7"}
    assert (second.account, second.detail) == ("Grace", {})
