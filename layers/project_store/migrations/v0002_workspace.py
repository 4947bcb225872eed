"""Marks, publication, settings of a project; accounts, sessions and the log of a shared server."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

KEPT = ("marks", "audit")
"""Tables whose rows are written once."""


def upgrade() -> None:
    """Add what the workspace keeps beside scenarios."""
    op.add_column(
        "scenarios", sa.Column("public", sa.Boolean, nullable=False, server_default=sa.false())
    )
    _marks()
    _settings()
    _accounts()
    _sessions()
    _tickets()
    _audit()
    for table in KEPT:
        _write_once(table)


def _marks() -> None:
    op.create_table(
        "marks",
        sa.Column("scenario_id", sa.String(32), nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("scenario_id", "place", name="pk_marks"),
        sa.ForeignKeyConstraint(["scenario_id"], ["scenarios.id"], name="fk_marks_scenario_id"),
        sa.ForeignKeyConstraint(
            ["scenario_id", "number"],
            ["versions.scenario_id", "versions.number"],
            name="fk_marks_scenario_id_number",
        ),
    )


def _settings() -> None:
    op.create_table(
        "settings",
        sa.Column("project_id", sa.String(32), nullable=False),
        sa.Column("key", sa.String(100), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("project_id", "key", name="pk_settings"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_settings_project_id"),
    )


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("login", sa.String(200), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("password_hash", sa.Text),
        sa.Column("subject", sa.Text),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("disabled", sa.DateTime),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("login", name="uq_accounts_login"),
        sa.UniqueConstraint("subject", name="uq_accounts_subject"),
    )


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("last_seen", sa.DateTime, nullable=False),
        sa.Column("ends", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_sessions"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_sessions_account_id"),
    )
    op.create_index("ix_sessions_account_id", "sessions", ["account_id"])


def _tickets() -> None:
    op.create_table(
        "tickets",
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("ends", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_tickets"),
    )
    op.create_index("ix_tickets_ends", "tickets", ["ends"])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("action", sa.String(100), nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )


def _write_once(table: str) -> None:
    """Refuse UPDATE and DELETE in the database, whatever program asks for it."""
    if op.get_bind().dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} are written once'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_written_once() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} are written once'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_written_once BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_written_once()"
    )
