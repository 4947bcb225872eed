"""Projects, scenarios, versions, undo and redo, on both databases."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule
from sqlalchemy import exc, text

from layers.project_store import ConflictError, open_store
from tests.layers.project_store.conftest import scenario
from twin.errors import StoreError, TwinError
from twin.scenario import dump, load_scenario


def test_a_project_is_found_again_by_baseline_and_name(store, opened):
    first = store.project("b" * 32, "Troisdorf")
    again = opened()
    assert again.project("b" * 32, "Troisdorf") == first
    assert again.project("c" * 32, "Troisdorf") != first
    named = again.project("b" * 32, "Troisdorf", "Wärmeplan")
    assert named.name == "Wärmeplan"
    assert [p.name for p in again.projects()] == ["Troisdorf", "Troisdorf", "Wärmeplan"]
    assert first.baseline_hash == "b" * 32
    assert abs(first.created - datetime.now(UTC)) < timedelta(minutes=1)


def test_what_is_saved_is_read_again_as_it_was(store, opened, project):
    content = scenario("Ümläut „Süd“ 🏠", measures=[{"kind": "pv", "share": 0.1 + 0.2}], z=None)
    made = store.create(project.id, content, author="Ada", message="Anfang")
    head = opened().head(made.scenario_id)
    assert head == made
    assert head.content == content
    assert (head.number, head.parent, head.author, head.message) == (1, None, "Ada", "Anfang")
    assert head.name == "Ümläut „Süd“ 🏠"


def test_text_and_values_are_the_same_content(store, project):
    content = scenario(measures=[1, 2])
    made = store.create(project.id, json.dumps(content, indent=4))
    same = store.save(made.scenario_id, dict(reversed(content.items())), expected_version=1)
    assert same.number == 1
    assert same.hash == made.hash


def test_every_version_stays(store, project):
    made = store.create(project.id, scenario(step=0))
    for step in range(1, 5):
        store.save(made.scenario_id, scenario(step=step), expected_version=step)
    assert [v.number for v in store.history(made.scenario_id)] == [1, 2, 3, 4, 5]
    for number in range(1, 6):
        assert store.version(made.scenario_id, number).content["step"] == number - 1
    assert len({v.hash for v in store.history(made.scenario_id)}) == 5


def test_the_database_itself_refuses_to_change_a_version(store, project):
    made = store.create(project.id, scenario())
    for statement in (
        "UPDATE versions SET name = 'x'", "DELETE FROM versions", "DELETE FROM moves",
        "UPDATE moves SET target = 1",
    ):  # fmt: skip
        with pytest.raises(exc.DBAPIError, match="written once"):  # noqa: SIM117
            with store.database.engine.begin() as connection:
                connection.execute(text(statement))
    assert store.head(made.scenario_id) == made


def test_a_conflict_carries_both_versions_and_saves_nothing(store, opened, project):
    made = store.create(project.id, scenario(step=0), author="Ada")
    theirs = opened().save(
        made.scenario_id, scenario(step="theirs"), expected_version=1, author="Grace"
    )
    with pytest.raises(ConflictError) as caught:
        store.save(
            made.scenario_id, scenario(step="mine"), expected_version=1, author="Ada", message="m"
        )
    conflict = caught.value
    assert conflict.theirs == theirs
    assert conflict.base == made
    assert conflict.mine.content["step"] == "mine"
    assert (conflict.mine.author, conflict.mine.message) == ("Ada", "m")
    assert "Grace" in str(conflict)
    assert "version 2" in str(conflict)
    assert "Nothing was saved" in str(conflict)
    assert len(store.history(made.scenario_id)) == 2
    mended = store.save(made.scenario_id, scenario(step="both"), expected_version=2)
    assert mended.number == 3


def test_an_answer_that_got_lost_is_given_again(store, project):
    made = store.create(project.id, scenario(step=0), author="Ada")
    saved = store.save(made.scenario_id, scenario(step=1), expected_version=1, author="Ada")
    again = store.save(made.scenario_id, scenario(step=1), expected_version=1, author="Ada")
    assert again == saved
    with pytest.raises(ConflictError):
        store.save(made.scenario_id, scenario(step=1), expected_version=1, author="Grace")


def test_undo_and_redo_survive_a_restart(store, opened, project):
    made = store.create(project.id, scenario(step=1))
    for step in (2, 3):
        store.save(made.scenario_id, scenario(step=step), expected_version=step - 1)
    assert store.undo(made.scenario_id, expected_version=3).content["step"] == 2
    store.close()
    later = opened()
    assert later.head(made.scenario_id).number == 2
    assert later.undo(made.scenario_id, expected_version=2).number == 1
    later.close()
    latest = opened()
    assert latest.position(made.scenario_id).redo == 2
    assert latest.redo(made.scenario_id, expected_version=1).number == 2
    assert latest.redo(made.scenario_id, expected_version=2).number == 3
    with pytest.raises(StoreError, match="nothing to redo"):
        latest.redo(made.scenario_id, expected_version=3)
    kinds = [move.kind for move in latest.moves(made.scenario_id)]
    assert kinds == ["save", "save", "save", "undo", "undo", "redo", "redo"]


def test_saving_after_undo_starts_a_branch_and_keeps_the_old_one(store, project):
    made = store.create(project.id, scenario(step=1))
    key = made.scenario_id
    store.save(key, scenario(step=2), expected_version=1)
    store.save(key, scenario(step=3), expected_version=2)
    store.undo(key, expected_version=3)
    store.undo(key, expected_version=2)
    branch = store.save(key, scenario(step="other"), expected_version=1)
    assert (branch.number, branch.parent) == (4, 1)
    assert store.position(key).redo is None
    assert store.undo(key, expected_version=4).number == 1
    assert store.position(key).redo == 4  # the branch used last
    assert store.go_to(key, 3, expected_version=1).content["step"] == 3
    assert store.undo(key, expected_version=3).number == 2
    assert store.undo(key, expected_version=2).number == 1
    assert store.position(key).redo == 2
    assert {v.number: v.parent for v in store.history(key)} == {1: None, 2: 1, 3: 2, 4: 1}


def test_nothing_to_undo_and_unknown_things_are_said(store, project):
    made = store.create(project.id, scenario())
    with pytest.raises(StoreError, match="nothing to undo"):
        store.undo(made.scenario_id, expected_version=1)
    with pytest.raises(StoreError, match="no version 7; it has 1 to 1"):
        store.version(made.scenario_id, 7)
    with pytest.raises(StoreError, match="no version 9"):
        store.save(made.scenario_id, scenario(a=1), expected_version=9)
    for call in (
        lambda: store.head("nowhere"),
        lambda: store.history("nowhere"),
        lambda: store.version("nowhere", 1),
        lambda: store.save("nowhere", scenario(), expected_version=1),
        lambda: store.archive("nowhere"),
    ):
        with pytest.raises(StoreError, match="no scenario nowhere"):
            call()
    with pytest.raises(StoreError, match="no project nowhere"):
        store.create("nowhere", scenario())


def test_undo_of_somebody_elses_step_is_a_conflict(store, project):
    made = store.create(project.id, scenario(step=1))
    store.save(made.scenario_id, scenario(step=2), expected_version=1)
    store.undo(made.scenario_id, expected_version=2, author="Grace")
    with pytest.raises(ConflictError) as caught:
        store.undo(made.scenario_id, expected_version=2)
    assert caught.value.mine is None
    assert (caught.value.moved.kind, caught.value.moved.author) == ("undo", "Grace")
    with pytest.raises(ConflictError):
        store.go_to(made.scenario_id, 2, expected_version=2)


def test_archived_things_are_put_away_and_kept(store, project):
    made = store.create(project.id, scenario("one"))
    store.create(project.id, scenario("two"))
    store.archive(made.scenario_id)
    assert [s.head.name for s in store.scenarios(project.id)] == ["two"]
    entries = store.scenarios(project.id, archived=True)
    assert [(s.head.name, s.archived) for s in entries] == [("one", True), ("two", False)]
    assert store.head(made.scenario_id) == made
    store.archive(made.scenario_id, archived=False)
    assert len(store.scenarios(project.id)) == 2
    store.archive_project(project.id)
    assert store.projects() == ()
    assert store.projects(archived=True)[0].archived


def test_the_list_shows_the_head_and_counts_versions(store, project):
    made = store.create(project.id, scenario("first"))
    store.save(made.scenario_id, scenario("second"), expected_version=1)
    store.undo(made.scenario_id, expected_version=2)
    (entry,) = store.scenarios(project.id)
    assert (entry.head.name, entry.head.number, entry.versions) == ("first", 1, 2)
    assert store.scenarios("nowhere") == ()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "no valid JSON"),
        ("[1]", "a list in place of an object"),
        ('{"name": "a", "x": NaN}', "NaN is no number"),
        ({"name": "a", "x": float("inf")}, "no valid JSON"),
        ({"name": "a", "x": {1, 2}}, "no valid JSON"),
        ({"name": "a", "x": "\ud800"}, "no valid JSON"),
        ({"measures": []}, "without a name"),
        ({"name": "  "}, "without a name"),
        ({"name": 3}, "without a name"),
        ({"name": "a\x00b"}, "cannot be stored"),
    ],
)
def test_what_is_no_scenario_is_refused(store, project, content, said):
    with pytest.raises(StoreError, match=said):
        store.create(project.id, content)
    assert store.scenarios(project.id) == ()


def test_a_check_may_refuse(opened):
    def check(content):
        if "measures" not in content:
            raise StoreError("{name} has no measures.", name=content["name"])

    store = opened(check=check)
    project = store.project("b" * 32, "Troisdorf")
    with pytest.raises(StoreError, match="x has no measures"):
        store.create(project.id, {"name": "x"})
    assert store.create(project.id, scenario()).number == 1


def test_a_damaged_version_is_said_and_others_stay_readable(store, project):
    made = store.create(project.id, scenario(step=1))
    store.save(made.scenario_id, scenario(step=2), expected_version=1)
    with store.database.engine.begin() as connection:
        if store.database.is_sqlite:
            connection.execute(text("DROP TRIGGER versions_no_update"))
        else:
            connection.execute(text("DROP TRIGGER versions_written_once ON versions"))
        connection.execute(text("UPDATE versions SET content = '{\"name\":' WHERE number = 2"))
    with pytest.raises(StoreError, match="Version 2 of Oberlar is damaged"):
        store.head(made.scenario_id)
    assert store.version(made.scenario_id, 1) == made


WORDS = st.text(max_size=6)
NUMBERS = st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(extra=st.dictionaries(st.text(max_size=5), JSON, max_size=3))
def test_any_json_comes_back_equal(store, project, extra):
    content = {**extra, "name": "any"}
    made = store.create(project.id, content)
    assert store.head(made.scenario_id).content == content


class UndoTree(RuleBasedStateMachine):
    """The store against a model of it in a few lines: a tree, a head, a stack of what was left."""

    versions = Bundle("versions")

    def __init__(self):
        super().__init__()
        self.store = open_store(self.where(), check=None)
        project = self.store.project("b" * 32, "Troisdorf")
        self.key = self.store.create(project.id, scenario(step=0)).scenario_id
        self.parent, self.head, self.last_child, self.count = {1: None}, 1, {}, 1

    def where(self):
        self.folder = tempfile.TemporaryDirectory()
        return Path(self.folder.name) / "p.sqlite"

    def go(self, number):
        """Moving touches both ends: the parent of each remembers it, the newer one last."""
        for end in (self.head, number):
            if self.parent[end] is not None:
                self.last_child[self.parent[end]] = end
        self.head = number

    @rule(target=versions)
    def save(self):
        self.count += 1
        self.parent[self.count] = self.head
        made = self.store.save(self.key, scenario(step=self.count), expected_version=self.head)
        self.go(self.count)
        assert made.number == self.count
        return self.count

    @rule()
    def undo(self):
        before = self.parent[self.head]
        if before is None:
            with pytest.raises(StoreError):
                self.store.undo(self.key, expected_version=self.head)
        else:
            assert self.store.undo(self.key, expected_version=self.head).number == before
            child = self.head
            self.go(before)
            self.last_child[before] = child

    @rule(number=versions)
    def jump(self, number):
        self.store.go_to(self.key, number, expected_version=self.head)
        if number != self.head:
            self.go(number)

    @rule()
    def redo(self):
        after = self.last_child.get(self.head)
        if after is None:
            with pytest.raises(StoreError):
                self.store.redo(self.key, expected_version=self.head)
        else:
            assert self.store.redo(self.key, expected_version=self.head).number == after
            self.go(after)

    @invariant()
    def nothing_is_lost(self):
        assert self.store.head(self.key).number == self.head
        assert {v.number: v.parent for v in self.store.history(self.key)} == self.parent

    def teardown(self):
        self.store.close()
        self.folder.cleanup()


TestUndoTree = UndoTree.TestCase
TestUndoTree.settings = settings(
    max_examples=10, stateful_step_count=15, deadline=None, derandomize=True
)


def test_without_another_check_only_scenarios_are_saved(address):
    with open_store(address) as store:
        project = store.project("b" * 32, "Troisdorf")
        text = dump(load_scenario({"format": 2, "name": "Oberlar", "measures": []}))
        made = store.create(project.id, text)
        assert dump(load_scenario(store.head(made.scenario_id).content)) == text
        with pytest.raises(TwinError, match="Oberlar"):
            store.create(project.id, {"format": 2, "name": "Oberlar", "measures": [{"kind": "?"}]})
        assert len(store.scenarios(project.id)) == 1
