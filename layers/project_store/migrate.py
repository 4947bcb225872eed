"""Bringing a database to the version this program works with, once and by one program only."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import exc, inspect

from layers.project_store.faults import foreign
from layers.project_store.tables import METADATA, VERSION_TABLE
from twin.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic.script import Script
    from sqlalchemy import Connection

    from layers.project_store.database import Database

STEPS = Path(__file__).parent / "migrations"
APPLICATION_ID = 0x54574E53
"""Marks a SQLite file as a project database (`TWNS`), so that no foreign file is ever changed."""

LOCK_KEY = APPLICATION_ID
"""Key of the lock that keeps two programs from upgrading one PostgreSQL database at once."""


@dataclass(frozen=True)
class Standing:
    """Which version a database has, and which steps lead from there to ours."""

    revision: str | None
    steps: tuple[Script, ...]  # in the order of running


def bring_up_to_date(database: Database, folders: Sequence[Path] = (STEPS,)) -> None:
    """
    Make the tables where there are none, upgrade older ones, refuse newer ones.

    All steps are one transaction. An older SQLite file is copied beside itself first; the copy's
    name says which version it has. Two programs that open at once do it one after the other.

    Raises
    ------
    StoreError
        A database of a newer program, a file or database that holds something else.
    """
    scripts = _scripts(folders)
    with database.reading() as connection:
        is_current = not _standing(connection, scripts, database).steps
    if not is_current:
        with database.upgrading() as connection:
            _wait_for_others(connection, database)
            standing = _standing(connection, scripts, database)  # another may have been quicker
            if standing.revision and database.path and standing.steps:
                _copy(database.path, standing.revision)
            _run(connection, standing, scripts, database)
        _prefer_write_ahead(database)


def _scripts(folders: Sequence[Path]) -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(STEPS))
    config.set_main_option("path_separator", "os")
    config.set_main_option("version_locations", os.pathsep.join(map(str, folders)))
    return ScriptDirectory.from_config(config)


def _standing(connection: Connection, scripts: ScriptDirectory, database: Database) -> Standing:
    """Find out the version of a database; refuse what is not ours or too new."""
    names = set(inspect(connection).get_table_names())
    if VERSION_TABLE not in names:
        _refuse_foreign(connection, names, database)
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    revision = context.get_current_revision() if VERSION_TABLE in names else None
    known = {script.revision for script in scripts.walk_revisions()}
    if revision is not None and revision not in known:
        template = "{place} was written by a newer version of this program (database {found})."
        hint = "Update the program; the database is left untouched."
        raise StoreError(template, hint=hint, place=database.place.shown, found=revision)
    ahead = list(scripts.iterate_revisions("head", revision or "base"))
    return Standing(revision, tuple(reversed(ahead)))


def _refuse_foreign(connection: Connection, names: set[str], database: Database) -> None:
    """Refuse any file with other tables, and a server's schema where ours would clash."""
    if database.is_sqlite:
        mark = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
        is_foreign = bool(names) or mark not in {0, APPLICATION_ID}
    else:
        is_foreign = bool(names & set(METADATA.tables))
    if is_foreign:
        raise foreign(database.place)


def _wait_for_others(connection: Connection, database: Database) -> None:
    if not database.is_sqlite:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK_KEY})")


def _run(
    connection: Connection, standing: Standing, scripts: ScriptDirectory, database: Database
) -> None:
    options = {"version_table": VERSION_TABLE, "target_metadata": METADATA}
    context = MigrationContext.configure(connection, opts=options)
    for script in standing.steps:
        with Operations.context(context):
            script.module.upgrade()
        context.stamp(scripts, script.revision)
    if database.is_sqlite:
        _refuse_broken_links(connection)
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")


def _refuse_broken_links(connection: Connection) -> None:
    """Check what SQLite does not look at while tables are made anew."""
    if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
        msg = f"a step of the upgrade broke links between tables: {broken[:3]}"
        raise RuntimeError(msg)


def _copy(path: Path, revision: str) -> None:
    """Keep a copy of a file as it is before the upgrade; SQLite itself makes it, whole."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    copy = path.with_name(f"{path.stem}.version-{revision}.{stamp}{path.suffix}")
    part = copy.with_name(copy.name + ".part")
    try:
        with closing(sqlite3.connect(path)) as old, closing(sqlite3.connect(part)) as new:
            old.backup(new)
        part.replace(copy)
    except (sqlite3.Error, OSError) as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        template = "{path} must be upgraded, but no copy of it can be kept ({reason})."
        hint = "Free some space beside it, or check the permissions; it is left untouched."
        raise StoreError(template, hint=hint, path=path, reason=str(error)) from error


def _prefer_write_ahead(database: Database) -> None:
    """
    Let readers and one writer work at once (WAL).

    The file remembers it. Where it cannot be (network drives, another program just has it open)
    SQLite's older journal serves, as safe and only slower.
    """
    if database.is_sqlite:
        with suppress(exc.OperationalError, sqlite3.OperationalError):
            connection = database.engine.raw_connection()
            try:
                connection.cursor().execute("PRAGMA journal_mode=WAL")
            finally:
                connection.close()
