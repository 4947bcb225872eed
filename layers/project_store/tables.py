"""The tables of the store, as the newest migration leaves them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
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

DATASTREAMS = Table(
    "datastreams",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False, unique=True),
    Column("source", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("property", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("statistic", String(16), nullable=False),
    Column("lon", Double),
    Column("lat", Double),
    Column("height_m", Double),
    Column("interval_s", Double),
    Column("low", Double),
    Column("high", Double),
    Column("alert_below", Double),
    Column("alert_above", Double),
    Column("people", Boolean, nullable=False),
    Column("public", Boolean, nullable=False),
    Column("street", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("licence", Text, nullable=False),
    Column("attribution", Text, nullable=False),
    Column("replayed", Boolean, nullable=False),
    Column("extra", Text, nullable=False),  # JSON
    Column("places", Text, nullable=False),  # JSON: where it was before, the newest last
)
"""One property that one device observes; rows are changed, never removed."""

OBSERVATION_HEADS = Table(
    "observation_heads",
    METADATA,
    Column("stream", Integer, primary_key=True, autoincrement=False),
    Column("marker", BigInteger, nullable=False),  # of the last write that changed something
    Column("first_at", BigInteger),
    Column("last_at", BigInteger),
    Column("value", Double),
    Column("flags", Integer),
    Column("received", BigInteger),
    Column("sealed_until", BigInteger, nullable=False),  # raw values before it may be gone
    postgresql_with={"fillfactor": 50},  # changed with every write, so there is room for it
)
"""First and last time and last value of each stream: what is asked for most."""

OBSERVATIONS = Table(
    "observations",
    METADATA,
    Column("stream", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("value", Double, nullable=False),
    Column("flags", Integer, nullable=False),
    Column("received", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Values; all times of observations are milliseconds since 1970 UTC. No links: speed."""


def _rolled_up(name: str) -> Table:
    return Table(
        name,
        METADATA,
        Column("stream", Integer, primary_key=True, autoincrement=False),
        Column("at", BigInteger, primary_key=True, autoincrement=False),
        Column("mean", Double, nullable=False),
        Column("low", Double, nullable=False),
        Column("high", Double, nullable=False),
        Column("sum", Double, nullable=False),
        Column("n", Integer, nullable=False),
        Column("flags", Integer, nullable=False),
        Column("sealed", Integer, nullable=False),  # 1: what it was made of is gone
        sqlite_with_rowid=False,
    )


OBSERVATION_HOURS = _rolled_up("observation_hours")
OBSERVATION_DAYS = _rolled_up("observation_days")

OBSERVATION_STALE = Table(
    "observation_stale",
    METADATA,
    Column("stream", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""Hours whose values have changed since they were rolled up."""

OBSERVATION_MARKER = Table(
    "observation_marker",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("marker", BigInteger, nullable=False),
    Column("zone", Text, nullable=False),  # of the days
)
"""One row: the number of the last write, which writers hold while they write."""

FEEDS = Table(
    "feeds",
    METADATA,
    Column("source", Text, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("why", Text),  # JSON of a sentence
    Column("last_message", BigInteger),
    Column("refused_lately", Text, nullable=False),  # marks of the last deliveries with refusals
)

FEED_CURSORS = Table(
    "feed_cursors",
    METADATA,
    Column("source", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

FEED_REFUSALS = Table(
    "feed_refusals",
    METADATA,
    Column("source", Text, primary_key=True),
    Column("reason", String(40), primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("detail", Text, nullable=False),
)
