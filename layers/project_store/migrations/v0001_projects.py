"""Projects, scenarios, their versions and the moves of their heads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

KEPT = ("versions", "moves")
"""Tables whose rows are written once."""


def upgrade() -> None:
    """Make the tables, and let the database itself refuse to change what is kept."""
    _projects()
    _scenarios()
    _versions()
    _moves()
    for table in KEPT:
        _write_once(table)


def _projects() -> None:
    op.create_table(
        "projects",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("baseline_hash", sa.String(64), nullable=False),
        sa.Column("baseline_name", sa.Text, nullable=False),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("archived", sa.DateTime),
        sa.PrimaryKeyConstraint("id", name="pk_projects"),
        sa.UniqueConstraint("baseline_hash", "name", name="uq_projects_baseline_hash"),
    )


def _scenarios() -> None:
    op.create_table(
        "scenarios",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("project_id", sa.String(32), nullable=False),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("archived", sa.DateTime),
        sa.PrimaryKeyConstraint("id", name="pk_scenarios"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_scenarios_project_id"),
    )
    op.create_index("ix_scenarios_project_id", "scenarios", ["project_id"])


def _versions() -> None:
    op.create_table(
        "versions",
        sa.Column("scenario_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("parent", sa.Integer),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("scenario_id", "number", name="pk_versions"),
        sa.ForeignKeyConstraint(["scenario_id"], ["scenarios.id"], name="fk_versions_scenario_id"),
        _to_version("parent", "fk_versions_scenario_id_parent"),
    )
    op.create_index("ix_versions_parent", "versions", ["scenario_id", "parent"])


def _moves() -> None:
    op.create_table(
        "moves",
        sa.Column("scenario_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("origin", sa.Integer),
        sa.Column("target", sa.Integer, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("scenario_id", "number", name="pk_moves"),
        sa.ForeignKeyConstraint(["scenario_id"], ["scenarios.id"], name="fk_moves_scenario_id"),
        _to_version("origin", "fk_moves_scenario_id_origin"),
        _to_version("target", "fk_moves_scenario_id_target"),
    )


def _to_version(column: str, name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["scenario_id", column], ["versions.scenario_id", "versions.number"], name=name
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
