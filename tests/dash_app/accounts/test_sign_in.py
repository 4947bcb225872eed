"""Signing in and out over HTTP, and those who try to get in another way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie

import pytest
from sqlalchemy import text

from dash_app.accounts.sessions import hashed
from dash_app.settings import Settings
from layers.project_store import open_store
from tests.dash_app.accounts.conftest import TOWN, WORDS, make_town, sign_in, token_in
from twin.errors import StoreError

SESSION = "__Host-twin-session"


def who(browser):
    return browser.get("/who").json()


def cookie_of(answer, name):
    for line in answer.headers.get_list("set-cookie"):
        jar = SimpleCookie(line)
        if name in jar:
            return jar[name]
    return None


def test_everybody_is_public_until_signed_in(town):
    town.add("ada", "admin", "Ada")
    browser = town.browser()
    assert who(browser) == {"role": "public", "name": "", "fine": False}
    assert browser.get("/api/me").json() == {
        "role": "public", "name": "", "token": "", "fine": False, "mode": "shared",
    }  # fmt: skip
    assert sign_in(browser, " ADA ").headers["location"] == "/"
    assert who(browser) == {"role": "admin", "name": "Ada", "fine": True}
    assert browser.get("/login").headers["location"] == "/"  # nothing to sign in to


def test_planners_see_single_buildings_only_where_the_settings_allow_it(store, passwords):
    settings = Settings(mode="shared", address=TOWN, privacy={"building_level": False})
    town = make_town(settings, store, passwords)
    town.add("ada", "planner")
    assert who(town.signed_in("ada")) == {"role": "planner", "name": "ada", "fine": False}


def test_the_cookie_cannot_be_read_or_sent_from_elsewhere(town):
    town.add("ada")
    cookie = cookie_of(sign_in(town.browser(), "ada"), SESSION)
    assert (cookie["secure"], cookie["httponly"], cookie["path"]) == (True, True, "/")
    assert cookie["samesite"].lower() == "lax"
    assert cookie["domain"] == ""  # `__Host-` asks for it
    assert len(cookie.value) >= 43
    assert int(cookie["max-age"]) == 12 * 3600


def test_without_tls_the_cookie_is_named_so_that_browsers_take_it(store, passwords):
    town = make_town(Settings(mode="shared", https=False), store, passwords)
    town.add("ada")
    cookie = cookie_of(sign_in(town.browser(), "ada"), "twin-session")
    assert (cookie["secure"], cookie["httponly"]) == ("", True)


def test_the_database_does_not_know_the_token(town):
    town.add("ada")
    token = cookie_of(sign_in(town.browser(), "ada"), SESSION).value
    with town.store.database.reading() as connection:
        dump = str(connection.execute(text("SELECT * FROM sessions")).all())
    assert hashed(token) in dump
    assert token not in dump


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("ada", "wrong"), ("nobody", WORDS), ("", ""), ("ada", ""), ("a\x00b", WORDS),
        ("ada" * 1000, WORDS), ("ada", WORDS.upper()), ("%", "%"), ("gone", WORDS),
        ("' OR 1=1 --", "' OR 1=1 --"),
    ],
)  # fmt: skip
def test_whatever_is_wrong_the_answer_is_the_same(town, login, password):
    town.add("ada")
    gone = town.add("gone")
    town.store.accounts.change(gone.id, disabled=datetime.now(UTC))
    browser = town.browser()
    answer = sign_in(browser, login, password)
    assert answer.status_code == 401
    assert "Login or password are not right." in answer.text or "stimmen nicht" in answer.text
    assert cookie_of(answer, SESSION) is None
    assert who(browser)["role"] == "public"
    shown = answer.text.replace(login, "") if login else answer.text
    assert password not in shown or len(password) < 2  # never shown again


def test_an_unknown_login_costs_as_much_work_as_a_known_one(town, monkeypatch):
    """Counted, not timed: one verification of the same parameters in both cases."""
    town.add("ada")
    checked = []
    real = town.passwords._verify
    monkeypatch.setattr(
        town.passwords, "_verify", lambda kept, given: checked.append(kept) or real(kept, given)
    )
    sign_in(town.browser(), "ada", "wrong")
    sign_in(town.browser(), "nobody", "wrong")
    assert len(checked) == 2
    assert checked[0] != checked[1]
    assert [kept.split("$")[:4] for kept in checked] == [checked[0].split("$")[:4]] * 2


def test_a_planted_session_is_not_the_one_that_is_signed_in(town):
    """Session fixation: whatever cookie there was, signing in gives a new one."""
    town.add("ada")
    town.add("mallory")
    planted = cookie_of(sign_in(town.browser(), "mallory"), SESSION).value
    browser = town.browser()
    browser.cookies.set(SESSION, planted, domain="twin.town.de", path="/")
    page = browser.get("/account")
    form = {"login": "ada", "password": WORDS, "form": token_in(page.text)}
    answer = browser.post("/login", data=form)
    assert answer.status_code == 303
    fresh = cookie_of(answer, SESSION).value
    assert fresh != planted
    assert town.store.accounts.session(hashed(planted)) is None
    made_up = town.browser(cookies={SESSION: "x" * 43})
    assert who(made_up)["role"] == "public"
    assert who(town.browser(cookies={SESSION: "x" * 5000}))["role"] == "public"


def test_a_form_of_another_browser_is_not_taken(town):
    town.add("ada")
    foreign = token_in(town.browser().get("/login").text)
    browser = town.browser()
    browser.get("/login")
    for form in ({"form": foreign}, {"form": ""}, {}):
        answer = browser.post("/login", data={"login": "ada", "password": WORDS, **form})
        assert answer.status_code == 403
        assert cookie_of(answer, SESSION) is None
    without = town.browser().post("/login", data={"login": "ada", "password": WORDS, "form": "x"})
    assert without.status_code == 403


NOT_OURS = (
    "//evil.org", "https://evil.org/", "/\\evil.org", "\\\\evil.org", "javascript:alert(1)",
    "/a\r\nSet-Cookie: x=1", "/a\nb", "/%0d%0aX: 1\x00", "http:evil.org", " //evil.org",
    "/\t/evil.org", "/login?next=/login", "/logout", "/" + "a" * 5000, "@evil.org", "/ä",
)  # fmt: skip


def test_signing_in_never_leads_to_another_site(town):
    town.add("ada")
    browser = town.browser()
    for way in NOT_OURS:
        browser.cookies.clear()
        answer = sign_in(browser, "ada", next_=way)
        assert (answer.status_code, answer.headers["location"]) == (303, "/"), way
        assert "x=1" not in str(answer.headers)
        assert "evil" not in town.browser().get("/login", params={"next": way}).text


def test_signing_in_leads_back_to_where_one_was(town):
    town.add("ada")
    way = "/?a=1&theme=dark&at=7.1,50.8"
    assert sign_in(town.browser(), "ada", next_=way).headers["location"] == way


def test_names_and_logins_are_never_html(town):
    nasty = '"><script>alert(1)</script>'
    town.add("ada", "admin", nasty)
    browser = town.browser()
    for page in (
        sign_in(browser, nasty, "x").text,
        browser.get("/login", params={"lang": nasty, "next": f"/{nasty}"}).text,
    ):
        assert "<script>alert" not in page
        assert 'value="">' not in page.replace('name="password"', "")
    browser = town.signed_in("ada")
    town.store.accounts.log(nasty, nasty, nasty, {nasty: nasty})
    for path in ("/account", "/admin"):
        page = browser.get(path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page


def test_a_huge_password_is_refused_before_any_work(town, monkeypatch):
    town.add("ada")
    monkeypatch.setattr(town.passwords, "_verify", lambda *_: pytest.fail("was checked"))
    browser = town.browser()
    form = {"login": "ada", "form": token_in(browser.get("/login").text)}
    assert browser.post("/login", data={**form, "password": "x" * 1_000_000}).status_code == 413
    assert browser.post("/login", data={**form, "password": "x" * 5000}).status_code == 401
    stream = (b"x" * 1000 for _ in range(1000))  # without a length
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert browser.post("/login", content=stream, headers=kind).status_code == 413


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b'{"login": "ada"}', "application/json", 415),
        (b"login=ada", "text/plain", 415),
        (b"", "multipart/form-data; boundary=x", 415),
        (b"\xff\xfe", "application/x-www-form-urlencoded", 400),
        (b"a=%ff", "application/x-www-form-urlencoded", 400),
        (b"&".join([b"a=1"] * 100), "application/x-www-form-urlencoded", 400),
        (b"", "application/x-www-form-urlencoded", 403),
    ],
)
def test_what_is_no_form_is_refused_in_words(town, content, kind, status):
    answer = town.browser().post("/login", content=content, headers={"content-type": kind})
    assert answer.status_code == status
    assert 'role="alert"' in answer.text


def test_guessing_has_to_wait_and_the_wait_survives_a_restart(town, settings, passwords):
    town.add("ada")
    town.add("grace")
    assert [sign_in(town.browser(), "ada", "wrong").status_code for _ in range(5)] == [401] * 5
    answer = sign_in(town.browser(), "ada")  # the right one: too late
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 6
    assert sign_in(town.browser(), "nobody", "x").status_code == 401
    with open_store(town.store.database.path, check=None) as again:
        restarted = make_town(settings, again, passwords)
        assert sign_in(restarted.browser(), "ada").status_code == 429
        assert sign_in(restarted.browser(), "grace").status_code == 303
    entries = [entry.action for entry in town.store.accounts.entries()]
    assert entries == ["sign_in", *["sign_in_failed"] * 6]  # waiting ones do not fill the log


def test_an_unknown_login_has_to_wait_like_a_known_one(town):
    assert [sign_in(town.browser(), "nobody").status_code for _ in range(6)] == [401] * 5 + [429]


def test_guessing_at_many_accounts_from_one_address_has_to_wait(town):
    town.add("ada")
    tried = [sign_in(town.browser(), f"a{n}", "x").status_code for n in range(21)]
    assert tried == [401] * 20 + [429]
    assert sign_in(town.browser(), "ada").status_code == 429
    elsewhere = town.browser(client=("2001:db8::1", 1))
    assert sign_in(elsewhere, "ada").status_code == 303


def test_of_many_guesses_at_once_no_more_are_checked(town, monkeypatch):
    town.add("ada")
    checked = []
    real = town.passwords._verify
    monkeypatch.setattr(
        town.passwords, "_verify", lambda kept, given: checked.append(1) or real(kept, given)
    )
    browser = town.browser()
    form = {"login": "ada", "password": "x", "form": token_in(browser.get("/login").text)}
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: browser.post("/login", data=form).status_code, range(24)))
    assert len(checked) <= 5
    assert set(found) == {401, 429}


def test_whoever_signs_in_starts_afresh(town):
    town.add("ada")
    for _ in range(4):
        sign_in(town.browser(), "ada", "wrong")
    assert sign_in(town.browser(), "ada").status_code == 303
    assert [sign_in(town.browser(), "ada", "wrong").status_code for _ in range(5)] == [401] * 5


def test_no_address_and_no_typed_login_is_stored_in_clear(town):
    town.add("ada")
    for login in ("ada", "MySecretPassword1"):
        sign_in(town.browser(client=("203.0.113.77", 1)), login, "wrong")
    town.store.database.close()
    stored = b"".join(p.read_bytes() for p in town.store.database.path.parent.iterdir())
    assert b"203.0.113" not in stored
    assert b"mysecretpassword1" not in stored.lower()
    assert b"sign_in_failed" in stored


def test_changes_need_the_token_of_the_page(town):
    town.add("ada", name="Ada")
    browser = town.signed_in("ada")
    token = browser.get("/api/me").json()["token"]
    assert browser.post("/change", headers={"x-twin-token": token}).json() == "Ada"
    for wrong in ("", "x", token[:-1], "ü"):
        headers = {"x-twin-token": wrong.encode()} if wrong else {}
        answer = browser.post("/change", headers=headers)
        assert answer.status_code == 403
        assert answer.headers["content-type"].startswith("application/problem+json")
    other = town.signed_in("ada").get("/api/me").json()["token"]
    assert other != token
    assert browser.post("/change", headers={"x-twin-token": other}).status_code == 403
    assert town.browser().post("/change", headers={"x-twin-token": token}).status_code == 401


FOREIGN = (
    {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"},
    {"origin": "https://evil.org"}, {"origin": "null"}, {"origin": "https://twin.town.de.evil"},
    {"origin": "https://twin.town.de", "sec-fetch-site": "cross-site"},
    {"origin": "http://twin.town.de:8050"},
)  # fmt: skip


@pytest.mark.parametrize("path", ["/change", "/login", "/logout", "/_dash-update-component"])
def test_other_sites_can_post_nothing(town, path):
    town.add("ada")
    browser = town.signed_in("ada")
    token = browser.get("/api/me").json()["token"]
    for headers in FOREIGN:
        found = browser.post(path, headers={**headers, "x-twin-token": token}).status_code
        assert found == 403, headers
    assert who(browser)["role"] == "planner"


def test_our_own_page_can(town):
    town.add("ada")
    browser = town.signed_in("ada")
    headers = {
        "origin": TOWN, "sec-fetch-site": "same-origin",
        "x-twin-token": browser.get("/api/me").json()["token"],
    }  # fmt: skip
    assert browser.post("/change", headers=headers).status_code == 200
    assert browser.post("/_dash-update-component", headers=headers).status_code == 200


def test_signing_out_ends_this_session_or_all(town):
    town.add("ada")
    one, two, three = (town.signed_in("ada") for _ in range(3))
    stolen = one.cookies[SESSION]
    form = {"form": token_in(one.get("/logout").text)}
    answer = one.post("/logout", data=form)
    assert answer.headers["location"] == "/login"
    assert "clear-site-data" in answer.headers
    assert who(one)["role"] == "public"
    assert who(town.browser(cookies={SESSION: stolen}))["role"] == "public"
    assert who(two)["role"] == "planner"
    form = {"form": token_in(two.get("/account").text), "everywhere": "1"}
    two.post("/logout", data=form)
    assert who(three)["role"] == "public"
    assert one.post("/logout", data={"form": ""}).status_code == 303  # twice is no fault


def test_a_link_cannot_sign_anybody_out(town):
    town.add("ada")
    browser = town.signed_in("ada")
    browser.get("/logout")
    assert browser.post("/logout", data={"form": "x"}).status_code == 403
    assert who(browser)["role"] == "planner"


@pytest.mark.parametrize(
    "change",
    [
        {"last_seen": datetime.now(UTC) - timedelta(minutes=121)},
        {"ends": datetime.now(UTC) - timedelta(seconds=1)},
    ],
)
def test_sessions_end_when_idle_and_at_the_latest(town, change):
    town.add("ada")
    browser = town.signed_in("ada")
    (name, when), *_ = change.items()
    with town.store.database.writing() as connection:
        value = when.replace(tzinfo=None).isoformat(" ")
        connection.execute(text(f"UPDATE sessions SET {name} = :value"), {"value": value})
    assert who(browser)["role"] == "public"
    assert town.store.accounts.session(hashed(browser.cookies[SESSION])) is None


def test_using_a_session_keeps_it_awake(town):
    town.add("ada")
    browser = town.signed_in("ada")
    key = hashed(browser.cookies[SESSION])
    town.store.accounts.touch(key, datetime.now(UTC) - timedelta(minutes=119))
    assert who(browser)["role"] == "planner"
    seen = town.store.accounts.session(key).last_seen
    assert datetime.now(UTC) - seen < timedelta(minutes=2)


def test_a_busy_database_refuses_no_page(town, monkeypatch):
    town.add("ada")
    browser = town.signed_in("ada")
    key = hashed(browser.cookies[SESSION])
    town.store.accounts.touch(key, datetime.now(UTC) - timedelta(minutes=60))

    def busy(*_):
        raise StoreError("busy")

    monkeypatch.setattr(town.store.accounts, "touch", busy)
    assert who(browser)["role"] == "planner"


def test_a_disabled_account_is_out_at_once(town):
    ada = town.add("ada")
    browser = town.signed_in("ada")
    town.store.accounts.change(ada.id, disabled=datetime.now(UTC))
    assert who(browser)["role"] == "public"


def test_another_role_counts_with_the_next_request(town):
    ada = town.add("ada", "admin")
    browser = town.signed_in("ada")
    assert browser.get("/admin").status_code == 200
    town.store.accounts.change(ada.id, role="planner")
    assert browser.get("/admin").status_code == 403


def test_the_log_and_the_accounts_are_for_admins(town):
    town.add("ada", "admin", "Ada")
    town.add("otto", "planner", "Otto")
    assert town.browser().get("/admin").headers["location"] == "/login?next=/admin"
    assert town.signed_in("otto").get("/admin").status_code == 403
    page = town.signed_in("ada").get("/admin?lang=en").text
    assert "otto" in page
    assert "argon2" not in page
    for number in range(105):
        town.store.accounts.log("Ada", "edit", f"change {number}")
    admin = town.signed_in("ada")
    page = admin.get("/admin?lang=en").text
    assert "change 104" in page
    assert "change 3<" not in page
    oldest = town.store.accounts.entries(most=100)[-1].id
    assert f"before={oldest}" in page
    assert "change 3<" in admin.get(f"/admin?lang=en&before={oldest}").text
    assert admin.get("/admin?before=-1").status_code == 422


def change_password(browser, **fields):
    form = {"form": token_in(browser.get("/account").text), "old": WORDS}
    return browser.post("/account/password", data={**form, **fields})


def test_a_new_password_signs_out_everywhere_else(town):
    town.add("ada")
    here, there = town.signed_in("ada"), town.signed_in("ada")
    new = "fünf andere Worte am Rathaus 7"
    assert change_password(here, new=new, again=new).status_code == 303
    assert who(here)["role"] == "planner"
    assert who(there)["role"] == "public"
    assert sign_in(town.browser(), "ada").status_code == 401
    assert sign_in(town.browser(), "ada", new).status_code == 303


@pytest.mark.parametrize(
    "fields",
    [
        {"new": "kurz", "again": "kurz"},
        {"new": "passwort2026", "again": "passwort2026"},
        {"new": "fünf andere Worte", "again": "fünf andre Worte"},
        {"new": "fünf andere Worte", "again": "fünf andere Worte", "old": "wrong"},
        {},
    ],
)
def test_a_bad_new_password_is_refused_with_the_reason(town, fields):
    town.add("ada")
    browser = town.signed_in("ada")
    answer = change_password(browser, **fields)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert sign_in(town.browser(), "ada").status_code == 303


def test_the_password_until_now_cannot_be_guessed_on_the_page(town):
    town.add("ada")
    browser = town.signed_in("ada")
    new = {"new": "fünf andere Worte", "again": "fünf andere Worte", "old": "wrong"}
    found = [change_password(browser, **new).status_code for _ in range(6)]
    assert found == [422] * 5 + [429]


def test_the_pages_are_kept_nowhere_and_framed_nowhere(town):
    town.add("ada")
    for page in (town.browser().get("/login"), town.signed_in("ada").get("/account")):
        assert page.headers["cache-control"] == "no-store"
        policy = page.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "form-action 'self'" in policy
        assert "unsafe" not in policy
        assert "<script>" not in page.text
        assert " style=" not in page.text


@pytest.mark.parametrize(
    ("query", "header", "lang"),
    [
        ("", "", "de"), ("", "en-GB,en;q=0.9", "en"), ("?lang=en", "de", "en"), ("", "fr", "de"),
        ("?lang=fr", "en", "en"),
    ],
)  # fmt: skip
def test_the_page_speaks_the_language_of_the_visitor(town, query, header, lang):
    page = town.browser().get(f"/login{query}", headers={"accept-language": header}).text
    assert f'<html lang="{lang}"' in page


def test_hashes_of_old_parameters_are_renewed(town, settings, store):
    from argon2 import PasswordHasher  # noqa: PLC0415

    weak = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1).hash(WORDS)
    store.accounts.add("ada", name="Ada", role="planner", password_hash=weak)
    assert sign_in(town.browser(), "ada").status_code == 303
    kept = store.accounts.find(login="ada").password_hash
    assert kept != weak
    assert kept.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert sign_in(town.browser(), "ada").status_code == 303
    assert store.accounts.find(login="ada").password_hash == kept
