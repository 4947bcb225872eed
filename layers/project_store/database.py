"""The connection to a database: which one is meant, and how it promises to keep what it takes."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, create_engine, event, exc, make_url

from layers.project_store.faults import Place, database_errors, place_of
from twin.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

WRITES, UPGRADES = "twin_writes", "twin_upgrades"
SCHEMES = ("sqlite", "postgresql", "postgres")


@dataclass(frozen=True)
class Database:
    """An open database: reading and writing are transactions of different kinds."""

    engine: Engine
    place: Place
    path: Path | None  # of the file; none for a server

    @property
    def is_sqlite(self) -> bool:
        """Tell a file from a server."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a transaction that sees one state and takes no lock."""
        with database_errors(self.place), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a transaction that is kept for good when the block ends, or not at all."""
        engine = self.engine.execution_options(**{WRITES: True})
        with database_errors(self.place), engine.begin() as connection:
            yield connection

    @contextmanager
    def upgrading(self) -> Iterator[Connection]:
        """
        Give a writing transaction in which SQLite may drop a table to make it anew.

        Links between tables are not watched meanwhile; whoever upgrades checks them at the end.
        """
        engine = self.engine.execution_options(**{WRITES: True, UPGRADES: True})
        try:
            with database_errors(self.place), engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()  # the next connections watch again

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def connect(where: str | Path, *, patience_s: float) -> Database:
    """
    Return the database at a path or address; the file of SQLite is made when it is missing.

    Raises
    ------
    StoreError
        An address of another kind, a folder in place of a file, no driver for the server.
    """
    url = _url(where)
    place = place_of(url)
    if url.get_backend_name() == "sqlite":
        path = _prepared(url, place)
        return Database(_sqlite(url, patience_s), place, path)
    try:
        engine = _postgresql(url, patience_s)
    except ImportError as error:
        template = "For {place} the PostgreSQL driver is missing."
        hint = "Install it with `pip install troisdorf-twin[postgresql]`."
        raise StoreError(template, hint=hint, place=place.shown) from error
    return Database(engine, place, None)


def _url(where: str | Path) -> URL:
    """Read a path or an address; what cannot be read is not repeated, it may hold a password."""
    text = str(where)
    if isinstance(where, Path) or "://" not in text:
        return URL.create("sqlite", database=str(Path(text).expanduser()))
    scheme = text.partition("://")[0].partition("+")[0].lower()
    hint = "Name a file, or a server as postgresql://user@server/database."
    if scheme not in SCHEMES:
        template = "{scheme} is no kind of database known here."
        raise StoreError(template, hint=hint, scheme=scheme or "?")
    try:
        url = make_url(text)
    except (exc.ArgumentError, ValueError) as error:
        template = "The address of the database ({scheme}) cannot be read."
        raise StoreError(template, hint=hint, scheme=scheme) from error
    return url if scheme == "sqlite" else url.set(drivername="postgresql+psycopg")


def _prepared(url: URL, place: Place) -> Path:
    name = (url.database or "").removeprefix("file:")
    if name in {"", ":memory:"}:
        template = "Projects need a file to be kept in; {place} names none."
        hint = "Name a file, e.g. projects.sqlite."
        raise StoreError(template, hint=hint, place=f"{url.drivername}://")
    path = Path(name)
    if _is_folder(path):
        template = "{place} is a folder, but projects are kept in a file."
        hint = "Name a file in it, e.g. projects.sqlite."
        raise StoreError(template, hint=hint, place=place.shown)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        template = "The folder of {place} cannot be made: {reason}."
        hint = "Choose another folder or change its permissions."
        reason = error.strerror or str(error)
        raise StoreError(template, hint=hint, place=place.shown, reason=reason) from error
    return path


def _is_folder(path: Path) -> bool:
    """Tell whether a path is a folder; what may not be looked at is none, opening it says why."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _sqlite(url: URL, patience_s: float) -> Engine:
    """Return an engine that syncs every commit to the disk and locks before it reads to write."""
    engine = create_engine(url, connect_args={"timeout": patience_s})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun below, not guessed by Python
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get(UPGRADES):
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(WRITES) else "BEGIN")

    return engine


def _postgresql(url: URL, patience_s: float) -> Engine:
    engine = create_engine(
        url, connect_args={"connect_timeout": max(2, round(patience_s))}, pool_pre_ping=True
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = {round(1000 * patience_s)}")
            cursor.execute("SET synchronous_commit = on")
        connection.commit()

    return engine
