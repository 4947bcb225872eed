"""The tables of the store, as the newest migration leaves them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
)

if TYPE_CHECKING:
    from sqlalchemy import Dialect

VERSION_TABLE = "twin_store_version"


class UtcTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite knows no time zones, so none is stored."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store as UTC without a zone."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Read as UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

PROJECTS = Table(
    "projects",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    Column("baseline_hash", String(64), nullable=False),
    Column("baseline_name", Text, nullable=False),
    Column("created", UtcTime, nullable=False),
    Column("archived", UtcTime),  # when; empty while it is in use
    UniqueConstraint("baseline_hash", "name"),
)

SCENARIOS = Table(
    "scenarios",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("project_id", ForeignKey(PROJECTS.c.id), nullable=False, index=True),
    Column("created", UtcTime, nullable=False),
    Column("archived", UtcTime),
    Column("public", Boolean, nullable=False, server_default=false()),
)

VERSIONS = Table(
    "versions",
    METADATA,
    Column("scenario_id", ForeignKey(SCENARIOS.c.id), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("parent", Integer),
    Column("name", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("author", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("created", UtcTime, nullable=False),
    ForeignKeyConstraint(["scenario_id", "parent"], ["versions.scenario_id", "versions.number"]),
    Index("ix_versions_parent", "scenario_id", "parent"),
)
"""Written once, never changed: the database itself refuses to update or delete."""

MOVES = Table(
    "moves",
    METADATA,
    Column("scenario_id", ForeignKey(SCENARIOS.c.id), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("origin", Integer),
    Column("target", Integer, nullable=False),
    Column("author", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    ForeignKeyConstraint(["scenario_id", "origin"], ["versions.scenario_id", "versions.number"]),
    ForeignKeyConstraint(["scenario_id", "target"], ["versions.scenario_id", "versions.number"]),
)
"""Where the head went: the last row says where it stands. Written once as well."""

MARKS = Table(
    "marks",
    METADATA,
    Column("scenario_id", ForeignKey(SCENARIOS.c.id), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    ForeignKeyConstraint(["scenario_id", "number"], ["versions.scenario_id", "versions.number"]),
)
"""Names that somebody gave to versions; the last of a version counts. Written once."""

SETTINGS = Table(
    "settings",
    METADATA,
    Column("project_id", ForeignKey(PROJECTS.c.id), primary_key=True),
    Column("key", String(100), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("value", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
)

ACCOUNTS = Table(
    "accounts",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("login", String(200), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("password_hash", Text),  # none where another service signs in
    Column("subject", Text, unique=True),  # who it is for that service
    Column("created", UtcTime, nullable=False),
    Column("disabled", UtcTime),
)

SESSIONS = Table(
    "sessions",
    METADATA,
    Column("token_hash", String(64), primary_key=True),
    Column("account_id", ForeignKey(ACCOUNTS.c.id), nullable=False, index=True),
    Column("created", UtcTime, nullable=False),
    Column("last_seen", UtcTime, nullable=False),
    Column("ends", UtcTime, nullable=False),
)

TICKETS = Table(
    "tickets",
    METADATA,
    Column("name", String(200), primary_key=True),
    Column("value", Text, nullable=False),
    Column("ends", UtcTime, nullable=False, index=True),
)
"""What is kept for minutes or hours: failed sign-ins, sign-ins under way, the salt of a day."""

AUDIT = Table(
    "audit",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("account", Text, nullable=False),
    Column("action", String(100), nullable=False),
    Column("what", Text, nullable=False),
    Column("detail", Text, nullable=False),
)
"""Who did what and when. Written once."""
