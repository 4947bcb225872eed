"""`twin accounts` as an operator types it."""

from __future__ import annotations

import io
import json

import pytest

from dash_app.cli import main
from layers.project_store import open_store
from tests.dash_app.accounts.conftest import WORDS, make_town, sign_in


@pytest.fixture
def run(capsys, monkeypatch):
    def type_in(*arguments, given="", lang="en"):
        monkeypatch.setattr("sys.stdin", io.StringIO(given))
        with pytest.raises(SystemExit) as end:
            main(["--lang", lang, *map(str, arguments)])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err + printed.out
        assert WORDS not in printed.err + printed.out
        return end.value.code, printed.out + printed.err

    return type_in


@pytest.fixture
def database(tmp_path):
    return tmp_path / "projects.sqlite"


@pytest.fixture
def ada(run, database):
    code, said = run("accounts", "add", database, "Ada", "--role", "admin", given=f"{WORDS}\n")
    assert (code, said) == (0, "ada may sign in now.\n")
    return database


def test_an_account_from_the_first_to_the_last(run, ada, settings):
    code, said = run("accounts", "list", ada, "--json")
    (account,) = json.loads(said)
    assert code == 0
    assert (account["login"], account["role"], account["disabled"]) == ("ada", "admin", None)
    assert "argon2" not in said
    assert run("accounts", "role", ada, "ADA", "planner")[0] == 0
    assert run("accounts", "disable", ada, "ada") == (0, "ada may not sign in any more.\n")
    assert "disabled since" in run("accounts", "list", ada)[1]
    assert run("accounts", "enable", ada, "ada")[0] == 0
    new = "fünf andere Worte am Rathaus"
    assert run("accounts", "password", ada, "ada", given=f"{new}\r\n")[0] == 0
    with open_store(ada, check=None) as store:
        from dash_app.accounts.passwords import Passwords  # noqa: PLC0415

        town = make_town(settings, store, Passwords())
        assert sign_in(town.browser(), "ada", WORDS).status_code == 401
        browser = town.browser()
        assert sign_in(browser, "ada", new).status_code == 303
        assert browser.get("/who").json()["role"] == "planner"
        assert run("accounts", "disable", ada, "ada")[0] == 0
        assert browser.get("/who").json()["role"] == "public"
    code, said = run("accounts", "log", ada, "--json")
    actions = [entry["action"] for entry in json.loads(said)]
    assert actions[::-1] == [
        "account_added", "role_changed", "account_disabled", "account_enabled", "password_changed",
        "sign_in_failed", "sign_in", "account_disabled",
    ]  # fmt: skip
    assert len(json.loads(run("accounts", "log", ada, "--json", "--most", "2")[1])) == 2


REFUSED = (
    (("add", "ada"), f"{WORDS}\n", "already"),
    (("add", "otto"), "kurz\n", "4 characters; at least 12"),
    (("add", "otto"), "", "0 characters"),
    (("add", "otto"), "passwort1234\n", "most used"),
    (("add", "otto"), "x" * 1_000_000, "more than 1,000 characters"),
    (("add", "otto", "--role", "king"), f"{WORDS}\n", "king is no role"),
    (("add", "two words"), f"{WORDS}\n", "cannot be a login"),
    (("add", "a\x1b[31m"), f"{WORDS}\n", "cannot be a login"),
    (("add", " "), f"{WORDS}\n", "cannot be a login"),
    (("add", "x" * 201), f"{WORDS}\n", "cannot be a login"),
    (("role", "ada", "king"), "", "king is no role"),
    (("role", "otto", "admin"), "", "no account otto"),
    (("disable", "otto"), "", "no account otto"),
    (("password", "otto"), f"{WORDS}\n", "no account otto"),
)


def test_what_cannot_be_done_is_said(run, ada):
    for (command, login, *more), given, said in REFUSED:
        code, told = run("accounts", command, ada, login, *more, given=given)
        assert code == 1, told
        assert said in told
    assert len(json.loads(run("accounts", "list", ada, "--json")[1])) == 1


def test_a_slip_of_the_keys_makes_no_database(run, tmp_path):
    for command in (["list"], ["log"], ["disable", "ada"], ["password", "ada"]):
        name, *more = command
        code, said = run("accounts", name, tmp_path / "slip.sqlite", *more)
        assert code == 1
        assert "no database" in said
    assert not list(tmp_path.iterdir())


def test_the_password_is_asked_twice_without_showing_it(run, database, monkeypatch):
    answers = iter([WORDS, WORDS, WORDS, "another one, sorry"])
    asked = []
    monkeypatch.setattr("getpass.getpass", lambda prompt: asked.append(prompt) or next(answers))
    monkeypatch.setattr("dash_app.account_commands._is_terminal", lambda: True)
    assert run("accounts", "add", database, "ada")[0] == 0
    code, said = run("accounts", "add", database, "otto")
    assert code == 1
    assert "differ" in said
    assert asked == ["Password for ada: ", "Once more: ", "Password for otto: ", "Once more: "]


def test_a_password_is_no_argument(run, database):
    assert run("accounts", "add", database, "ada", "a-password")[0] == 2
    assert run("accounts", "add", database, "ada", "--password", "a-password")[0] == 2


def test_what_is_printed_cannot_move_the_cursor(run, ada):
    with open_store(ada, check=None) as store:
        store.accounts.log("x\x1b[2J", "edit", "[red]y\x07", {"a": "\x1b]0;z"})
    said = run("accounts", "log", ada)[1]
    assert "\x1b[2J" not in said
    assert "\x07" not in said
    assert "[red]y" in said


def test_it_speaks_german(run, ada):
    assert "Anmeldename" in run("accounts", "list", ada, lang="de")[1]
    code, said = run("accounts", "add", ada, "otto", given="kurz\n", lang="de")
    assert code == 1
    assert "mindestens 12" in said


def test_serve_says_what_is_wrong_with_its_settings(run, tmp_path):
    path = tmp_path / "twin.toml"
    path.write_text('mod = "shared"')
    code, said = run("serve", tmp_path, "--config", path)
    assert code == 1
    assert "mode is meant" in said
    path.write_text('mode = "shared"')
    code, said = run("serve", tmp_path, "--config", path, "--host", "0.0.0.0")
    assert code == 1
    assert "plain text" in said
