"""Feeds of sensors: datastreams, their values, hours and days, and how the feeds are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add tables only: what is there stays as it is, however big the file."""
    _datastreams()
    _heads()
    _observations()
    _rolled_up("observation_hours")
    _rolled_up("observation_days")
    _stale()
    _marker()
    _feeds()


def _datastreams() -> None:
    op.create_table(
        "datastreams",
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        *(_text(name) for name in ("key", "source", "name", "property", "unit")),
        sa.Column("statistic", sa.String(16), nullable=False),
        *(sa.Column(name, sa.Double) for name in ("lon", "lat", "height_m", "interval_s")),
        *(sa.Column(name, sa.Double) for name in ("low", "high", "alert_below", "alert_above")),
        sa.Column("people", sa.Boolean, nullable=False),
        sa.Column("public", sa.Boolean, nullable=False),
        *(_text(name) for name in ("street", "direction", "line", "device")),
        *(_text(name) for name in ("licence", "attribution")),
        sa.Column("replayed", sa.Boolean, nullable=False),
        *(_text(name) for name in ("extra", "places")),
        sa.PrimaryKeyConstraint("number", name="pk_datastreams"),
        sa.UniqueConstraint("key", name="uq_datastreams_key"),
    )


def _heads() -> None:
    op.create_table(
        "observation_heads",
        sa.Column("stream", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("marker", sa.BigInteger, nullable=False),
        sa.Column("first_at", sa.BigInteger),
        sa.Column("last_at", sa.BigInteger),
        sa.Column("value", sa.Double),
        sa.Column("flags", sa.Integer),
        sa.Column("received", sa.BigInteger),
        sa.Column("sealed_until", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("stream", name="pk_observation_heads"),
        postgresql_with={"fillfactor": 50},
    )


def _observations() -> None:
    op.create_table(
        "observations",
        *_stream_and_time(),
        sa.Column("value", sa.Double, nullable=False),
        sa.Column("flags", sa.Integer, nullable=False),
        sa.Column("received", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("stream", "at", name="pk_observations"),
        sqlite_with_rowid=False,
    )


def _rolled_up(table: str) -> None:
    op.create_table(
        table,
        *_stream_and_time(),
        *(sa.Column(name, sa.Double, nullable=False) for name in ("mean", "low", "high", "sum")),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("n", "flags", "sealed")),
        sa.PrimaryKeyConstraint("stream", "at", name=f"pk_{table}"),
        sqlite_with_rowid=False,
    )


def _stale() -> None:
    op.create_table(
        "observation_stale",
        *_stream_and_time(),
        sa.PrimaryKeyConstraint("stream", "at", name="pk_observation_stale"),
        sqlite_with_rowid=False,
    )


def _marker() -> None:
    op.create_table(
        "observation_marker",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("marker", sa.BigInteger, nullable=False),
        _text("zone"),
        sa.PrimaryKeyConstraint("id", name="pk_observation_marker"),
    )
    op.execute("INSERT INTO observation_marker (id, marker, zone) VALUES (1, 0, '')")


def _feeds() -> None:
    op.create_table(
        "feeds",
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("why", sa.Text),
        sa.Column("last_message", sa.BigInteger),
        _text("refused_lately"),
        sa.PrimaryKeyConstraint("source", name="pk_feeds"),
    )
    op.create_table(
        "feed_cursors",
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        _text("value"),
        sa.PrimaryKeyConstraint("source", "name", name="pk_feed_cursors"),
    )
    op.create_table(
        "feed_refusals",
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        _text("detail"),
        sa.PrimaryKeyConstraint("source", "reason", name="pk_feed_refusals"),
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _stream_and_time() -> tuple[sa.Column[int], sa.Column[int]]:
    return (
        sa.Column("stream", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False, autoincrement=False),
    )
