"""Projects and their scenarios: what the screens and commands ask the database for."""

from __future__ import annotations

import os
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs
from sqlalchemy import insert, select, update

from layers.project_store import queries
from layers.project_store.accounts import AccountStore
from layers.project_store.content import check_scenario, content_hash, make_draft
from layers.project_store.database import Database, connect
from layers.project_store.extras import Extras, no_scenario
from layers.project_store.migrate import bring_up_to_date
from layers.project_store.observations import ObservationStore
from layers.project_store.records import ConflictError, Project
from layers.project_store.tables import MOVES, PROJECTS, SCENARIOS, VERSIONS
from twin.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from sqlalchemy import Connection

    from layers.project_store.content import Check
    from layers.project_store.records import (
        Draft,
        Move,
        MoveKind,
        Position,
        ScenarioEntry,
        Version,
        VersionInfo,
    )


def default_store() -> str:
    """Return where projects are kept unless somebody says otherwise (`TWIN_STORE`)."""
    folder = Path(platformdirs.user_data_dir("troisdorf-twin", appauthor=False))
    return os.environ.get("TWIN_STORE") or str(folder / "projects.sqlite")


def open_store(
    where: str | Path | None = None,
    *,
    check: Check | None = check_scenario,
    patience_s: float = 10.0,
) -> ProjectStore:
    """
    Open the projects at a path or address (`postgresql://user@server/database`).

    A missing SQLite file is made; an older database is upgraded.

    Parameters
    ----------
    check
        Called with the content before it is saved; raises a `TwinError` where it is no scenario.
        None takes any JSON object with a name.
    patience_s
        How long to wait for another program that is just writing, and for a server to answer.

    Raises
    ------
    StoreError
        It cannot be opened, is something else, or was written by a newer program.
    """
    database = connect(where or default_store(), patience_s=patience_s)
    try:
        bring_up_to_date(database)
    except BaseException:
        database.close()
        raise
    return ProjectStore(database, check)


class ProjectStore(Extras):
    """
    Projects, scenarios and their versions; safe to use from several threads and programs.

    Whoever changes something says which version it was made from (`expected_version`); if the
    scenario has moved on since, `ConflictError` carries both and nothing is saved. A method that
    returns has saved for good. `accounts` is who may sign in, and the log; `observations` is what
    sensors have told.
    """

    def __init__(self, database: Database, check: Check | None = None) -> None:
        self.database = database
        self.accounts = AccountStore(database)
        self.observations = ObservationStore(database)
        self._check = check

    def __enter__(self) -> ProjectStore:
        """Use the store in a `with`."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        """Close the store."""
        self.close()

    def close(self) -> None:
        """Give all connections back."""
        self.database.close()

    def project(self, baseline_hash: str, baseline_name: str, name: str = "") -> Project:
        """Return the project on a baseline city, a new one if there is none of this name."""
        name = name or baseline_name
        with self.database.reading() as connection:
            found = queries.project_named(connection, baseline_hash, name)
        if found is not None:
            return found
        with self.database.writing() as connection:
            queries.lock_table(connection, PROJECTS)
            found = queries.project_named(connection, baseline_hash, name)
            if found is None:
                now = datetime.now(UTC)
                found = Project(
                    uuid.uuid4().hex, name, baseline_hash, baseline_name, now, archived=False
                )
                row = {key: getattr(found, key) for key in queries.PROJECT_KEYS}
                connection.execute(insert(PROJECTS).values(row))
        return found

    def projects(self, *, archived: bool = False) -> tuple[Project, ...]:
        """Return all projects, those put away only when asked for."""
        with self.database.reading() as connection:
            return queries.projects(connection, archived=archived)

    def archive_project(self, project_id: str, *, archived: bool = True) -> None:
        """Put a project away, or take it out again; nothing is deleted."""
        with self.database.writing() as connection:
            _set_archived(connection, PROJECTS, project_id, archived=archived)

    def create(
        self,
        project_id: str,
        content: Mapping[str, Any] | str,
        *,
        author: str = "",
        message: str = "",
    ) -> Version:
        """Save a new scenario in a project and return its first version."""
        draft = make_draft(content, self._check, author=author, message=message)
        scenario_id = uuid.uuid4().hex
        with self.database.writing() as connection:
            if connection.execute(select(PROJECTS.c.id).filter_by(id=project_id)).first() is None:
                raise _nothing("project", project_id)
            values = {"id": scenario_id, "project_id": project_id, "created": datetime.now(UTC)}
            connection.execute(insert(SCENARIOS).values(values))
            return _add_version(connection, scenario_id, draft, parent=None)

    def scenarios(self, project_id: str, *, archived: bool = False) -> tuple[ScenarioEntry, ...]:
        """Return the scenarios of a project in the order they were made."""
        with self.database.reading() as connection:
            return queries.scenarios(connection, project_id, archived=archived)

    def archive(self, scenario_id: str, *, archived: bool = True) -> None:
        """Put a scenario away, or take it out again; nothing is deleted."""
        with self.database.writing() as connection:
            _set_archived(connection, SCENARIOS, scenario_id, archived=archived)

    def save(
        self,
        scenario_id: str,
        content: Mapping[str, Any] | str,
        *,
        expected_version: int,
        author: str = "",
        message: str = "",
    ) -> Version:
        """
        Save a new version made from `expected_version`, the head the change started from.

        Saved after an undo it starts a new branch; what was undone stays reachable. What is
        equal to the head is not saved twice: the head is returned, also where the same author
        asks again because the first answer was lost.

        Raises
        ------
        ConflictError
            The head stands elsewhere by now.
        StoreError
            No such scenario or version, content that is none, or the database refuses.
        """
        draft = make_draft(content, self._check, author=author, message=message)
        with self.database.writing() as connection:
            head = _locked_head(connection, scenario_id)
            if _is_same(head, draft, expected_version):
                return head
            _refuse_conflict(connection, head, expected_version, draft)
            return _add_version(connection, scenario_id, draft, parent=head.number)

    def head(self, scenario_id: str) -> Version:
        """Return the version a scenario stands at."""
        with self.database.reading() as connection:
            return _found_head(connection, scenario_id)

    def version(self, scenario_id: str, number: int) -> Version:
        """Return one version, of any branch."""
        with self.database.reading() as connection:
            return _found_version(connection, scenario_id, number)

    def history(self, scenario_id: str) -> tuple[VersionInfo, ...]:
        """Return all versions of all branches in the order of saving, without their content."""
        with self.database.reading() as connection:
            _found_head(connection, scenario_id)
            return queries.history(connection, scenario_id)

    def moves(self, scenario_id: str) -> tuple[Move, ...]:
        """Return the diary of a scenario: every save, undo, redo and jump."""
        with self.database.reading() as connection:
            return queries.moves(connection, scenario_id)

    def position(self, scenario_id: str) -> Position:
        """Return where the head stands and where undo and redo lead."""
        with self.database.reading() as connection:
            return queries.position(connection, _found_head(connection, scenario_id))

    def undo(self, scenario_id: str, *, expected_version: int, author: str = "") -> Version:
        """Go back to the version that the head was made from."""
        return self._move(scenario_id, "undo", expected_version, author)

    def redo(self, scenario_id: str, *, expected_version: int, author: str = "") -> Version:
        """Go forward again, to the branch last used."""
        return self._move(scenario_id, "redo", expected_version, author)

    def go_to(
        self, scenario_id: str, number: int, *, expected_version: int, author: str = ""
    ) -> Version:
        """Put the head on any version, e.g. back on a branch left by undo."""
        with self.database.writing() as connection:
            head = _locked_head(connection, scenario_id)
            _refuse_conflict(connection, head, expected_version, None)
            version = _found_version(connection, scenario_id, number)
            if version.number != head.number:
                _add_move(connection, version, "go_to", head.number, author)
            return version

    def _move(self, scenario_id: str, kind: MoveKind, expected: int, author: str) -> Version:
        with self.database.writing() as connection:
            head = _locked_head(connection, scenario_id)
            _refuse_conflict(connection, head, expected, None)
            target = getattr(queries.position(connection, head), kind)
            if target is None:
                template = (
                    "There is nothing to undo: {name} stands at its first version."
                    if kind == "undo"
                    else "There is nothing to redo: nothing was saved after this version of {name}."
                )
                raise StoreError(template, name=head.name)
            version = _found_version(connection, scenario_id, target)
            _add_move(connection, version, kind, head.number, author)
            return version


def _add_version(
    connection: Connection, scenario_id: str, draft: Draft, *, parent: int | None
) -> Version:
    version = queries.new_version(connection, scenario_id, draft, parent)
    connection.execute(insert(VERSIONS).values(queries.row_of(version)))
    _add_move(connection, version, "save", parent, draft.author)
    return version


def _add_move(
    connection: Connection, version: Version, kind: MoveKind, origin: int | None, author: str
) -> None:
    values = {
        "scenario_id": version.scenario_id,
        "number": queries.next_number(connection, MOVES, version.scenario_id),
        "kind": kind,
        "origin": origin,
        "target": version.number,
        "author": author,
        "at": datetime.now(UTC),
    }
    connection.execute(insert(MOVES).values(values))


def _locked_head(connection: Connection, scenario_id: str) -> Version:
    """Return the head and keep others from moving it until this transaction ends."""
    connection.execute(select(SCENARIOS.c.id).filter_by(id=scenario_id).with_for_update())
    return _found_head(connection, scenario_id)


def _found_head(connection: Connection, scenario_id: str) -> Version:
    head = queries.head(connection, scenario_id)
    if head is None:
        raise _nothing("scenario", scenario_id)
    return head


def _found_version(connection: Connection, scenario_id: str, number: int) -> Version:
    version = queries.version(connection, scenario_id, number)
    if version is None:
        last = queries.next_number(connection, VERSIONS, scenario_id) - 1
        if last < 1:
            raise _nothing("scenario", scenario_id)
        template = "The scenario has no version {number}; it has 1 to {last}."
        raise StoreError(template, number=number, last=last)
    return version


def _refuse_conflict(
    connection: Connection, head: Version, expected: int, mine: Draft | None
) -> None:
    if head.number != expected:
        base = _found_version(connection, head.scenario_id, expected)
        moved = queries.moves(connection, head.scenario_id)[-1]
        raise ConflictError(theirs=head, base=base, mine=mine, moved=moved)


def _is_same(head: Version, draft: Draft, expected: int) -> bool:
    """Tell whether the head is already what is to be saved, from the same start or as it is."""
    same = head.hash == content_hash(draft.text)
    again = head.parent == expected and head.author == draft.author
    return same and (head.number == expected or again)


def _set_archived(connection: Connection, table: Any, key: str, *, archived: bool) -> None:
    when = datetime.now(UTC) if archived else None
    done = connection.execute(update(table).where(table.c.id == key).values(archived=when))
    if not done.rowcount:
        raise _nothing("project" if table is PROJECTS else "scenario", key)


def _nothing(kind: str, key: str) -> StoreError:
    if kind == "scenario":
        return no_scenario(key)
    template = "There is no project {key} in this database."
    return StoreError(template, hint="Open another database, or choose from the list.", key=key)
