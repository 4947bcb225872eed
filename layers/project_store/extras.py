"""What a project keeps beside its versions: names of versions, who may see it, what it agreed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from layers.project_store import queries
from layers.project_store.content import refuse_unprintable, setting_text
from layers.project_store.records import Mark, Setting, SettingConflictError
from layers.project_store.tables import MARKS, PROJECTS, SCENARIOS, SETTINGS
from twin.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from layers.project_store.database import Database
    from layers.project_store.records import ScenarioEntry

LONGEST_KEY = 100


class Extras:
    """The part of `ProjectStore` that is about marks, publication and settings."""

    database: Database

    def entry(self, scenario_id: str) -> ScenarioEntry:
        """Return one scenario as the list of its project has it, put away or not."""
        with self.database.reading() as connection:
            found = queries.entry(connection, scenario_id)
        if found is None:
            raise no_scenario(scenario_id)
        return found

    def publish(self, scenario_id: str, public: bool) -> None:
        """Let everybody see a scenario, or only those who may edit."""
        with self.database.writing() as connection:
            query = update(SCENARIOS).where(SCENARIOS.c.id == scenario_id).values(public=public)
            if not connection.execute(query).rowcount:
                raise no_scenario(scenario_id)

    def keep(self, scenario_id: str, number: int, name: str, author: str = "") -> Mark:
        """
        Give a version a name: the explicit save. A second name replaces the first one shown.

        Raises
        ------
        StoreError
            No such scenario or version, an empty name.
        """
        refuse_unprintable(name, author)
        if not name.strip():
            template = "A version cannot be kept without a name."
            raise StoreError(template, hint="Give it a name.")
        mark = Mark(scenario_id, number, name.strip(), author, datetime.now(UTC))
        with self.database.writing() as connection:
            _lock_scenario(connection, scenario_id)
            if queries.version(connection, scenario_id, number) is None:
                template = "There is no version {number} of this scenario."
                raise StoreError(template, hint="Choose from its history.", number=number)
            known = _marks(connection, scenario_id)
            if mark.name != (known[number].name if number in known else None):
                place = queries.next_number(connection, MARKS, scenario_id, column="place")
                connection.execute(insert(MARKS).values(place=place, **mark.__dict__))
        return mark

    def marks(self, scenario_id: str) -> tuple[Mark, ...]:
        """Return the name of each kept version, by number of the version."""
        with self.database.reading() as connection:
            found = _marks(connection, scenario_id)
        return tuple(found[number] for number in sorted(found))

    def setting(self, project_id: str, key: str) -> Setting:
        """Return what a project agreed on under a key; version 0 and None where nothing was."""
        with self.database.reading() as connection:
            return _setting(connection, project_id, key)

    def settings(self, project_id: str) -> dict[str, Setting]:
        """Return all settings of a project by key."""
        with self.database.reading() as connection:
            query = select(SETTINGS).filter_by(project_id=project_id).order_by(SETTINGS.c.key)
            return {row.key: _read(row) for row in connection.execute(query)}

    def put_setting(
        self, project_id: str, key: str, value: Any, *, expected_version: int, author: str = ""
    ) -> Setting:
        """
        Save a JSON value under a key; `expected_version` is the one the change started from.

        Raises
        ------
        SettingConflictError
            Somebody else has changed it meanwhile.
        StoreError
            No such project, no JSON, or the database refuses.
        """
        text = setting_text(value)
        refuse_unprintable(key, author)
        if not 0 < len(key) <= LONGEST_KEY:
            template = "The name of a setting has 1 to {most} characters, not {count}."
            raise StoreError(template, most=LONGEST_KEY, count=len(key))
        with self.database.writing() as connection:
            lock = select(PROJECTS.c.id).filter_by(id=project_id).with_for_update()
            if connection.execute(lock).first() is None:
                template = "There is no project {key} in this database."
                raise StoreError(template, key=project_id)
            found = _setting(connection, project_id, key)
            if found.version != expected_version:
                raise SettingConflictError(found, expected=expected_version)
            saved = Setting(key, json.loads(text), found.version + 1, author, datetime.now(UTC))
            row = {"version": saved.version, "value": text, "author": author, "at": saved.at}
            chosen = (SETTINGS.c.project_id == project_id) & (SETTINGS.c.key == key)
            if found.version:
                connection.execute(update(SETTINGS).where(chosen).values(**row))
            else:
                connection.execute(insert(SETTINGS).values(project_id=project_id, key=key, **row))
            return saved


def no_scenario(key: str) -> StoreError:
    """Return the refusal of a scenario that is not there."""
    template = "There is no scenario {key} in this database."
    return StoreError(template, hint="Open another database, or choose from the list.", key=key)


def _lock_scenario(connection: Connection, scenario_id: str) -> None:
    lock = select(SCENARIOS.c.id).filter_by(id=scenario_id).with_for_update()
    if connection.execute(lock).first() is None:
        raise no_scenario(scenario_id)


def _marks(connection: Connection, scenario_id: str) -> dict[int, Mark]:
    query = select(MARKS).filter_by(scenario_id=scenario_id).order_by(MARKS.c.place)
    return {
        row.number: Mark(row.scenario_id, row.number, row.name, row.author, row.at)
        for row in connection.execute(query)
    }


def _setting(connection: Connection, project_id: str, key: str) -> Setting:
    query = select(SETTINGS).filter_by(project_id=project_id, key=key)
    row = connection.execute(query).first()
    return Setting(key) if row is None else _read(row)


def _read(row: Any) -> Setting:
    return Setting(row.key, json.loads(row.value), row.version, row.author, row.at)
