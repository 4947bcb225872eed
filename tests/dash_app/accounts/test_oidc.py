"""Signing in with another service: a real one on this machine, honest and dishonest."""

from __future__ import annotations

import base64
import json
import socket
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from dash_app.accounts.oidc import Identity, role_of
from dash_app.settings import Oidc, Settings
from tests.browser.conftest import serving
from tests.dash_app.accounts.conftest import TOWN, make_town, sign_in
from tests.tools.oidc_provider import CLIENT, PERSON, SECRET, Lies, OidcProvider

SESSION, SIGNIN = "__Host-twin-session", "__Host-twin-signin"


@pytest.fixture(scope="module")
def running():
    provider = OidcProvider(return_to=f"{TOWN}/login/oidc/return")
    with serving(provider.app) as address:
        provider.issuer = address
        yield provider


@pytest.fixture
def provider(running):
    running.lies, running.person = Lies(), dict(PERSON)
    return running


def make_settings(provider, tmp_path, **more):
    secret = tmp_path / "secret"
    secret.write_text(f"{SECRET}\n")
    oidc = {
        "issuer": provider.issuer, "client_id": CLIENT, "client_secret_file": str(secret),
        "name": "Stadt-Login", "admins": ("chief@town.de",), "planners": ("*@town.de",), **more,
    }  # fmt: skip
    return Settings(mode="shared", address=TOWN, oidc=Oidc(**oidc))


@pytest.fixture
def town(provider, tmp_path, store, passwords):
    return make_town(make_settings(provider, tmp_path), store, passwords)


def begin(browser, next_="/"):
    """Press the button and let the service answer; give the address it sends back to."""
    away = browser.get("/login/oidc", params={"next": next_})
    assert away.status_code == 303, away.text
    back = httpx2.get(away.headers["location"], follow_redirects=False, trust_env=False)
    assert back.status_code == 302, back.text
    assert back.headers["location"].startswith(f"{TOWN}/login/oidc/return?")
    return back.headers["location"]


def sign_in_there(browser, next_="/"):
    return browser.get(begin(browser, next_))


def role(browser):
    return browser.get("/who").json()["role"]


def reason(town):
    return town.store.accounts.entries()[0].detail["reason"]


def test_somebody_signs_in_and_gets_an_account(town):
    browser = town.browser()
    assert "Stadt-Login" in browser.get("/login").text
    answer = sign_in_there(browser, "/?a=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?a=1")
    assert browser.get("/who").json() == {"role": "planner", "name": "Erika Muster", "fine": True}
    (account,) = town.store.accounts.all()
    assert (account.login, account.password_hash) == ("erika@town.de", None)
    assert account.subject.endswith("|4711")
    sign_in_there(town.browser())
    assert town.store.accounts.count() == 1
    assert {e.action for e in town.store.accounts.entries()} == {"sign_in"}


def test_the_request_has_state_nonce_and_pkce(town):
    away = town.browser().get("/login/oidc").headers["location"]
    asked = {k: v[0] for k, v in parse_qs(urlsplit(away).query).items()}
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == f"{TOWN}/login/oidc/return"
    assert set(asked["scope"].split()) == {"openid", "email", "profile"}
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 43
    again = parse_qs(urlsplit(town.browser().get("/login/oidc").headers["location"]).query)
    assert all(again[name][0] != asked[name] for name in ("state", "nonce", "code_challenge"))
    assert SECRET not in away


@pytest.mark.parametrize(
    ("lies", "said"),
    [
        (Lies(claims={"nonce": "another"}), "nonce"),
        (Lies(claims={"nonce": None}), "nonce"),
        (Lies(foreign_key=True), "BadSignature"),
        (Lies(algorithm="ES256"), "id_token"),
        (Lies(claims={"exp": 1_000_000_000}), "expired"),
        (Lies(claims={"exp": None}), "exp"),
        (Lies(claims={"iat": 9_999_999_999}), "future"),
        (Lies(claims={"iss": "https://evil.org"}), "iss"),
        (Lies(claims={"iss": None}), "iss"),
        (Lies(claims={"aud": "somebody-else"}), "aud"),
        (Lies(claims={"aud": [CLIENT, "other"], "azp": "other"}), "azp"),
        (Lies(claims={"sub": None}), "sub"),
        (Lies(claims={"email": None}, userinfo={"sub": "4712"}), "somebody else"),
        (Lies(raw="no.token.at all"), "id_token"),
        (Lies(raw=""), "id_token"),
        (Lies(claims={"email_verified": False}), "not verified"),
        (Lies(claims={"email_verified": "true"}), "not verified"),
        (Lies(claims={"email_verified": None}), "not verified"),
        (Lies(claims={"email": "erika@evil.org"}), "no role"),
        (Lies(claims={"email": "erika@town.de@evil.org"}), "no role"),
        (Lies(claims={"email": "erika@town.de\n@evil.org"}), "no role"),
        (Lies(claims={"email": ["chief@town.de"]}), "no role"),
        (Lies(claims={"email": {"a": 1}, "name": 7}), "no role"),
    ],
)
def test_a_dishonest_service_signs_nobody_in(town, provider, lies, said):
    browser = town.browser()
    back = begin(browser)
    provider.lies = lies
    answer = browser.get(back)
    assert answer.status_code == 403
    assert 'role="alert"' in answer.text
    assert SESSION not in str(answer.headers.get_list("set-cookie"))
    assert role(browser) == "public"
    assert town.store.accounts.count() == 0
    assert said in reason(town)


def unsigned(claims, **header):
    parts = [{"typ": "JWT", **header}, claims]
    coded = [base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts]
    return ".".join([*coded, ""])


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_without_a_signature_is_none(town, provider, algorithm):
    browser = town.browser()
    back = begin(browser)
    nonce = next(iter(provider.codes.values()))["nonce"] if provider.codes else ""
    claims = {"iss": provider.issuer, "aud": CLIENT, "exp": 9e9, "iat": 1, "nonce": nonce}
    provider.lies = Lies(raw=unsigned(claims | PERSON, alg=algorithm, kid=provider.key.kid))
    assert browser.get(back).status_code == 403
    assert role(browser) == "public"


def test_an_answer_is_good_for_one_time_and_one_browser(town):
    browser = town.browser()
    back = begin(browser)
    thief = town.browser()
    assert thief.get(back).status_code == 403  # a link somebody is made to follow: login CSRF
    assert role(thief) == "public"
    assert browser.get(back).status_code == 403  # and by that it is used up
    back = begin(browser)
    cookie = browser.cookies[SIGNIN]
    assert browser.get(back).status_code == 303
    replay = town.browser(cookies={SIGNIN: cookie})
    assert replay.get(back).status_code == 403
    assert role(replay) == "public"


@pytest.mark.parametrize(
    "change",
    [
        {"state": "made up"}, {"state": ""}, {"code": "made up"}, {"code": ""},
        {"iss": "https://evil.org"}, {"error": "access_denied"},
        {"error": "<script>alert(1)</script>"},
    ],
)  # fmt: skip
def test_a_changed_answer_signs_nobody_in(town, change):
    browser = town.browser()
    parts = urlsplit(begin(browser))
    params = {k: v[0] for k, v in parse_qs(parts.query).items()} | change
    answer = browser.get(parts.path, params=params)
    assert answer.status_code in {401, 403}
    assert role(browser) == "public"
    assert "<script>alert" not in answer.text


def test_a_service_that_is_down_is_said_so(town, provider):
    browser = town.browser()
    back = begin(browser)
    provider.lies = Lies(is_down=True)
    fresh = make_town(make_settings_of(town, provider), town.store, town.passwords)
    assert fresh.browser().get("/login/oidc").status_code == 503
    provider.lies = Lies()
    assert browser.get(back).status_code == 303


def make_settings_of(town, provider, **more):
    return make_settings(provider, town.store.database.path.parent, **more)


def test_where_nobody_listens_local_accounts_still_work(town, provider):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = make_settings_of(town, provider, issuer=f"http://127.0.0.1:{port}")
    gone = make_town(settings, town.store, town.passwords)
    gone.add("ada", "admin")
    answer = gone.browser().get("/login/oidc")
    assert answer.status_code == 503
    assert "Stadt-Login" in answer.text
    assert sign_in(gone.browser(), "ada").status_code == 303


@pytest.mark.parametrize(
    "lies",
    [
        Lies(description={"issuer": "https://evil.org"}),
        Lies(description={"token_endpoint": "http://evil.org/token"}),
        Lies(description={"authorization_endpoint": "javascript:alert(1)"}),
        Lies(description={"jwks_uri": None}),
        Lies(big=True),
    ],
)
def test_a_wrong_description_is_not_followed(provider, tmp_path, store, passwords, lies):
    provider.lies = lies
    town = make_town(make_settings(provider, tmp_path), store, passwords)
    answer = town.browser().get("/login/oidc")
    assert answer.status_code == 403
    assert "location" not in answer.headers


def test_new_keys_of_the_service_are_fetched(town, provider):
    assert sign_in_there(town.browser()).status_code == 303
    provider.rotate()
    assert sign_in_there(town.browser()).status_code == 303


def test_an_address_from_userinfo_serves_too(town, provider):
    provider.lies = Lies(claims={"email": None, "email_verified": None})
    browser = town.browser()
    assert sign_in_there(browser).status_code == 303
    assert role(browser) == "planner"


def test_the_role_is_that_of_the_settings_today(town, provider):
    provider.person["email"] = "Chief@Town.de"
    browser = town.browser()
    sign_in_there(browser)
    assert role(browser) == "admin"
    settings = make_settings_of(town, provider, admins=(), planners=("chief@town.de",))
    later = make_town(settings, town.store, town.passwords)
    fresh = later.browser()
    sign_in_there(fresh)
    assert role(fresh) == "planner"
    assert role(browser) == "public"  # the session of the former admin is over


def test_a_disabled_account_stays_out(town):
    sign_in_there(town.browser())
    (account,) = town.store.accounts.all()
    town.store.accounts.change(account.id, disabled=datetime.now(UTC))
    assert sign_in_there(town.browser()).status_code == 403
    assert reason(town) == "disabled"


def test_an_account_of_the_same_address_is_joined_once(town, provider):
    made = town.add("erika@town.de", "planner")
    assert sign_in_there(town.browser()).status_code == 303
    assert town.store.accounts.find(key=made.id).subject.endswith("|4711")
    provider.person["sub"] = "4712"  # the address was given to somebody else since
    assert sign_in_there(town.browser()).status_code == 403
    assert town.store.accounts.count() == 1


def test_names_from_the_service_are_text(town, provider):
    provider.person["name"] = "<script>alert(1)</script>\x1b[31m\r\n" + "x" * 5000
    browser = town.browser()
    assert sign_in_there(browser).status_code == 303
    assert "<script>alert" not in browser.get("/account").text
    (account,) = town.store.accounts.all()
    assert account.name.isprintable()
    assert len(account.name) <= 100


def test_the_way_on_is_checked_before_it_is_kept(town):
    assert sign_in_there(town.browser(), "//evil.org").headers["location"] == "/"


@pytest.mark.parametrize(
    ("email", "verified", "role"),
    [
        ("chief@town.de", True, "admin"), ("CHIEF@TOWN.DE", True, "admin"),
        ("a@town.de", True, "planner"), ("guest@other.de", True, "planner"),
        ("a@other.de", True, None), ("a@sub.town.de", True, None), ("a@town.de", False, None),
        ("", True, None), ("*@town.de", True, "planner"), ("@town.de@other.de", True, None),
    ],
)  # fmt: skip
def test_roles_by_address(email, verified, role):
    oidc = Oidc(
        issuer="https://i.de", client_id="c", client_secret_file="f",
        admins=("Chief@town.de",), planners=("*@Town.de", "guest@other.de"),
    )  # fmt: skip
    assert role_of(Identity("i|1", email, verified, "x"), oidc) == role
