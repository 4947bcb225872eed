"""The questions the store asks its tables; everything read is checked against its hash."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, and_, func, or_, select

from layers.project_store.content import content_hash
from layers.project_store.records import (
    Move,
    Position,
    Project,
    ScenarioEntry,
    Version,
    VersionInfo,
)
from layers.project_store.tables import MOVES, PROJECTS, SCENARIOS, VERSIONS
from twin.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row, Table

    from layers.project_store.records import Draft

PROJECT_KEYS = ("id", "name", "baseline_hash", "baseline_name", "created")
INFO_COLUMNS = [VERSIONS.c[field.name] for field in fields(VersionInfo)]


def lock_table(connection: Connection, table: Table) -> None:
    """Let one program at a time make rows in a table; SQLite's writers are alone anyway."""
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE")


def project_named(connection: Connection, baseline_hash: str, name: str) -> Project | None:
    """Return the project of this name on this baseline."""
    found = connection.execute(
        select(PROJECTS).filter_by(baseline_hash=baseline_hash, name=name)
    ).first()
    return None if found is None else _project(found)


def projects(connection: Connection, *, archived: bool) -> tuple[Project, ...]:
    """Return all projects in the order they were made."""
    query = select(PROJECTS).order_by(PROJECTS.c.created, PROJECTS.c.id)
    rows = connection.execute(_in_use(query, PROJECTS, archived=archived))
    return tuple(_project(row) for row in rows)


def scenarios(
    connection: Connection, project_id: str, *, archived: bool
) -> tuple[ScenarioEntry, ...]:
    """Return the scenarios of a project with their heads, in the order they were made."""
    query = _entries().where(SCENARIOS.c.project_id == project_id)
    rows = connection.execute(_in_use(query, SCENARIOS, archived=archived))
    return tuple(_entry(row) for row in rows)


def entry(connection: Connection, scenario_id: str) -> ScenarioEntry | None:
    """Return one scenario with its head, put away or not."""
    row = connection.execute(_entries().where(SCENARIOS.c.id == scenario_id)).first()
    return None if row is None else _entry(row)


def _entries() -> Select[Any]:
    last = (
        select(MOVES.c.scenario_id, func.max(MOVES.c.number).label("number"))
        .group_by(MOVES.c.scenario_id)
        .subquery()
    )
    counts = (
        select(VERSIONS.c.scenario_id, func.count().label("versions"))
        .group_by(VERSIONS.c.scenario_id)
        .subquery()
    )
    at_end = and_(MOVES.c.scenario_id == last.c.scenario_id, MOVES.c.number == last.c.number)
    is_head = and_(
        VERSIONS.c.scenario_id == MOVES.c.scenario_id, VERSIONS.c.number == MOVES.c.target
    )
    return (
        select(
            *INFO_COLUMNS,
            SCENARIOS.c.project_id,
            SCENARIOS.c.created.label("made"),
            SCENARIOS.c.archived,
            SCENARIOS.c.public,
            counts.c.versions,
        )
        .select_from(SCENARIOS)
        .join(last, last.c.scenario_id == SCENARIOS.c.id)
        .join(MOVES, at_end)
        .join(VERSIONS, is_head)
        .join(counts, counts.c.scenario_id == SCENARIOS.c.id)
        .order_by(SCENARIOS.c.created, SCENARIOS.c.id)
    )


def _entry(row: Row[Any]) -> ScenarioEntry:
    return ScenarioEntry(
        row.scenario_id, row.project_id, VersionInfo(*row[: len(INFO_COLUMNS)]), row.versions,
        row.made, row.archived is not None, row.public,
    )  # fmt: skip


def head(connection: Connection, scenario_id: str) -> Version | None:
    """Return the version the head stands at."""
    query = (
        select(MOVES.c.target)
        .where(MOVES.c.scenario_id == scenario_id)
        .order_by(MOVES.c.number.desc())
        .limit(1)
    )
    number = connection.execute(query).scalar()
    return None if number is None else version(connection, scenario_id, number)


def version(connection: Connection, scenario_id: str, number: int) -> Version | None:
    """Return one version with its content."""
    row = connection.execute(
        select(*INFO_COLUMNS, VERSIONS.c.content.label("text")).filter_by(
            scenario_id=scenario_id, number=number
        )
    ).first()
    if row is None:
        return None
    found = Version(**row._mapping)  # the public name of SQLAlchemy, in spite of the underscore
    if _hash_or_nothing(found.text) != found.hash:
        template = "Version {number} of {name} is damaged: its content and its checksum differ."
        hint = "Take an earlier version, or the newest backup."
        raise StoreError(template, hint=hint, number=number, name=found.name)
    return found


def history(connection: Connection, scenario_id: str) -> tuple[VersionInfo, ...]:
    """Return all versions without their content, in the order of saving."""
    query = (
        select(*INFO_COLUMNS)
        .where(VERSIONS.c.scenario_id == scenario_id)
        .order_by(VERSIONS.c.number)
    )
    return tuple(VersionInfo(*row) for row in connection.execute(query))


def moves(connection: Connection, scenario_id: str) -> tuple[Move, ...]:
    """Return the moves of a head, first to last."""
    columns = [MOVES.c[field.name] for field in fields(Move)]
    query = select(*columns).filter_by(scenario_id=scenario_id).order_by(MOVES.c.number)
    return tuple(Move(*row) for row in connection.execute(query))


def position(connection: Connection, at: VersionInfo) -> Position:
    """Return where undo and redo lead: to the parent, and to the child the head was at last."""
    query = select(VERSIONS.c.number).filter_by(scenario_id=at.scenario_id, parent=at.number)
    children = list(connection.execute(query).scalars())
    if len(children) < 2:
        return Position(at.number, at.parent, children[0] if children else None)
    touched = or_(MOVES.c.origin.in_(children), MOVES.c.target.in_(children))
    last = connection.execute(
        select(MOVES.c.origin, MOVES.c.target)
        .where(MOVES.c.scenario_id == at.scenario_id, touched)
        .order_by(MOVES.c.number.desc())
        .limit(1)
    ).one()
    return Position(at.number, at.parent, last.target if last.target in children else last.origin)


def next_number(
    connection: Connection, table: Table, scenario_id: str, *, column: str = "number"
) -> int:
    """Return the number after the last of a scenario."""
    query = select(func.max(table.c[column])).where(table.c.scenario_id == scenario_id)
    return (connection.execute(query).scalar() or 0) + 1


def new_version(
    connection: Connection, scenario_id: str, draft: Draft, parent: int | None
) -> Version:
    """Return the version a draft becomes; it is not written yet."""
    return Version(
        scenario_id=scenario_id,
        number=next_number(connection, VERSIONS, scenario_id),
        parent=parent,
        name=draft.name,
        hash=content_hash(draft.text),
        author=draft.author,
        message=draft.message,
        created=datetime.now(UTC),
        text=draft.text,
    )


def row_of(made: Version) -> dict[str, Any]:
    """Return the row of a version."""
    row = {field.name: getattr(made, field.name) for field in fields(VersionInfo)}
    return {**row, "content": made.text}


def _hash_or_nothing(content: str) -> str:
    try:
        return content_hash(content)
    except ValueError:
        return ""


def _project(row: Row[Any]) -> Project:
    values = {key: getattr(row, key) for key in PROJECT_KEYS}
    return Project(**values, archived=row.archived is not None)


def _in_use(query: Select[Any], table: Table, *, archived: bool) -> Select[Any]:
    return query if archived else query.where(table.c.archived.is_(None))
