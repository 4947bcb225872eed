"""Marks, publication, settings; accounts, sessions, tickets and the log, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from shutil import copy

import pytest
from sqlalchemy import exc, text

from layers.project_store import SettingConflictError, open_store
from layers.project_store.database import connect
from layers.project_store.migrate import STEPS, bring_up_to_date
from tests.layers.project_store.conftest import scenario
from twin.errors import StoreError

SOON = datetime.now(UTC) + timedelta(hours=1)
PAST = datetime.now(UTC) - timedelta(hours=1)


@pytest.fixture
def made(store, project):
    return store.create(project.id, scenario())


def test_a_version_is_kept_by_a_name_and_renamed(store, opened, made):
    store.save(made.scenario_id, scenario(step=2), expected_version=1)
    store.keep(made.scenario_id, 2, " Stand für den Rat ", "Ada")
    store.keep(made.scenario_id, 1, "Anfang")
    store.keep(made.scenario_id, 2, "Rat, 3. Dezember", "Grace")
    marks = opened().marks(made.scenario_id)
    assert [(m.number, m.name, m.author) for m in marks] == [
        (1, "Anfang", ""),
        (2, "Rat, 3. Dezember", "Grace"),
    ]
    assert abs(marks[0].at - datetime.now(UTC)) < timedelta(minutes=1)
    assert store.head(made.scenario_id).number == 2  # keeping changes nothing else


@pytest.mark.parametrize(
    ("number", "name", "said"),
    [(9, "x", "no version 9"), (1, "  ", "without a name"), (1, "a\x00b", "cannot be stored")],
)
def test_what_cannot_be_kept_is_refused(store, made, number, name, said):
    with pytest.raises(StoreError, match=said):
        store.keep(made.scenario_id, number, name)
    assert store.marks(made.scenario_id) == ()


def test_nothing_is_public_until_somebody_says_so(store, opened, made):
    assert [e.public for e in store.scenarios(made_project(store))] == [False]
    store.publish(made.scenario_id, True)
    assert opened().entry(made.scenario_id).public
    store.publish(made.scenario_id, False)
    assert not opened().entry(made.scenario_id).public


def made_project(store):
    return store.projects()[0].id


def test_an_entry_is_that_of_the_list(store, made):
    assert (store.entry(made.scenario_id),) == store.scenarios(made_project(store))
    for ask in (store.entry, lambda key: store.publish(key, True)):
        with pytest.raises(StoreError, match="no scenario nope"):
            ask("nope")
    with pytest.raises(StoreError, match="no scenario nope"):
        store.keep("nope", 1, "x")


def test_settings_are_json_with_a_version(store, opened, project):
    empty = store.setting(project.id, "targets")
    assert (empty.value, empty.version) == (None, 0)
    targets = {"emissions": {"2030": 120000.5, "2045": 0}, "ä": [None, True]}
    first = store.put_setting(project.id, "targets", targets, expected_version=0, author="Ada")
    again = opened().setting(project.id, "targets")
    assert again == first
    assert (again.value, again.version, again.author) == (targets, 1, "Ada")
    store.put_setting(project.id, "targets", None, expected_version=1)
    store.put_setting(project.id, "other", 1, expected_version=0)
    assert {k: s.version for k, s in store.settings(project.id).items()} == {
        "other": 1,
        "targets": 2,
    }


def test_of_two_who_change_a_setting_one_hears_of_the_other(store, project):
    store.put_setting(project.id, "targets", 1, expected_version=0, author="Ada")
    with pytest.raises(SettingConflictError, match="meanwhile by Ada") as caught:
        store.put_setting(project.id, "targets", 2, expected_version=0, author="Grace")
    assert caught.value.theirs.value == 1

    def race(value):
        try:
            return store.put_setting(project.id, "race", value, expected_version=0).value
        except SettingConflictError:
            return None

    with ThreadPoolExecutor(8) as pool:
        won = [value for value in pool.map(race, range(8)) if value is not None]
    assert won == [store.setting(project.id, "race").value]


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, object()])
def test_a_setting_that_is_no_json_is_refused(store, project, value):
    with pytest.raises(StoreError, match="no valid JSON"):
        store.put_setting(project.id, "targets", value, expected_version=0)


def test_a_setting_of_no_project_is_refused(store, project):
    with pytest.raises(StoreError, match="no project nope"):
        store.put_setting("nope", "targets", 1, expected_version=0)
    with pytest.raises(StoreError, match="1 to 100 characters"):
        store.put_setting(project.id, "x" * 101, 1, expected_version=0)


def test_accounts_are_found_whatever_the_case(store):
    ada = store.accounts.add(" Ada@Town.de", name="Ada", role="admin", password_hash="h")
    assert store.accounts.find(login="ADA@town.de ") == ada
    assert store.accounts.find(key=ada.id) == ada
    assert store.accounts.find(login="grace") is None
    assert store.accounts.find(subject="s") is None
    with pytest.raises(StoreError, match="already"):
        store.accounts.add("ADA@TOWN.DE", name="x", role="planner")
    grace = store.accounts.add("grace", name="Grace", role="planner", subject="iss|1")
    with pytest.raises(StoreError, match="already"):
        store.accounts.add("hopper", name="x", role="planner", subject="iss|1")
    assert store.accounts.find(subject="iss|1") == grace
    assert [a.login for a in store.accounts.all()] == ["ada@town.de", "grace"]
    assert store.accounts.count() == 2
    changed = store.accounts.change(ada.id, role="planner", disabled=SOON)
    assert (changed.role, changed.disabled) == ("planner", SOON)
    with pytest.raises(StoreError, match="no account"):
        store.accounts.change("nope", role="planner")


def test_sessions_come_and_go(store, opened):
    ada = store.accounts.add("ada", name="Ada", role="admin")
    for token in ("one", "two"):
        store.accounts.open_session(token, ada.id, SOON)
    store.accounts.open_session("old", ada.id, PAST)
    session = opened().accounts.session("one")
    assert (session.account, session.ends) == (ada, SOON)
    store.accounts.touch("one", SOON)
    assert store.accounts.session("one").last_seen == SOON
    store.accounts.open_session("three", ada.id, SOON)
    assert store.accounts.session("old") is None  # cleared away by the next sign-in
    store.accounts.end_session("one")
    assert store.accounts.session("one") is None
    assert store.accounts.end_sessions(ada.id) == 2


def test_of_two_who_take_a_ticket_one_gets_it(store):
    store.accounts.put_ticket("state:1", {"nonce": "n"}, SOON)
    assert store.accounts.ticket("state:1") == {"nonce": "n"}
    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(lambda _: store.accounts.take_ticket("state:1"), range(6)))
    assert sorted(t is None for t in taken) == [False] + [True] * 5


def test_tickets_are_counted_and_end(store):
    def more(value):
        return (value or 0) + 1, SOON

    with ThreadPoolExecutor(6) as pool:
        counts = sorted(pool.map(lambda _: store.accounts.update_ticket("n", more), range(20)))
    assert counts == list(range(1, 21))  # none is lost
    store.accounts.put_ticket("gone", 1, PAST)
    assert store.accounts.ticket("gone") is None
    store.accounts.put_ticket("a_b", 1, SOON)
    store.accounts.forget_tickets("a%")
    store.accounts.forget_tickets("a__")
    assert store.accounts.ticket("a_b") == 1
    store.accounts.forget_tickets("a_")
    assert store.accounts.ticket("a_b") is None


def test_the_log_is_written_once(store, opened, made):
    store.accounts.log("Ada", "sign_in")
    store.accounts.log("x\x00\ud800", "edit", "Oberlar", {"n": 1, "t": "<b>ä\x00"})
    newest, first = opened().accounts.entries()
    assert (first.account, first.action, first.what, first.detail) == ("Ada", "sign_in", "", {})
    assert newest.account == "x??"
    assert newest.detail == {"n": 1, "t": "<b>ä\x00"}
    assert store.accounts.entries(before=newest.id) == (first,)
    assert store.accounts.entries(most=1) == (newest,)
    store.keep(made.scenario_id, 1, "Anfang")
    for statement in (
        "UPDATE audit SET account = 'x'", "DELETE FROM audit", "DELETE FROM marks",
        "UPDATE marks SET name = 'x'",
    ):  # fmt: skip
        with pytest.raises(exc.DBAPIError, match="written once"):  # noqa: SIM117
            with store.database.engine.begin() as connection:
                connection.execute(text(statement))
    assert len(store.accounts.entries()) == 2


def test_a_database_from_before_the_workspace_is_upgraded(address, tmp_path):
    """As the first version of the program left it: one step, a project, a scenario."""
    first = tmp_path / "first"
    first.mkdir()
    copy(STEPS / "v0001_projects.py", first)
    database = connect(address, patience_s=5)
    bring_up_to_date(database, [first])
    with database.writing() as connection:
        for statement in (
            "INSERT INTO projects VALUES ('p', 'Alt', 'b', 'Troisdorf', '2026-11-01', NULL)",
            "INSERT INTO scenarios VALUES ('s', 'p', '2026-11-01', NULL)",
        ):
            connection.execute(text(statement))
    database.close()
    with open_store(address, check=None) as store:
        assert [p.name for p in store.projects()] == ["Alt"]
        made = store.create("p", scenario())
        store.publish("s", True)
        assert [e.public for e in store.scenarios("p")] == [False]  # `s` itself has no version
        assert store.entry(made.scenario_id).public is False
        store.put_setting("p", "targets", {"a": 1}, expected_version=0)
    copies = list(tmp_path.glob("projects.version-0001.*.sqlite"))
    assert len(copies) == (1 if address.endswith(".sqlite") else 0)
