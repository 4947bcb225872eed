"""One worker a source: a second one on the same store is told so."""

from __future__ import annotations

import hashlib
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import IO, TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from layers.project_store.faults import database_errors
from twin.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from layers.project_store import ProjectStore

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


PATIENCE_S = 0.5
"""Who only looks whether a worker runs holds the source for a moment."""


class _Hold(ExitStack):
    """One source that is held; on a database server only as long as a connection lasts."""

    connection: Connection | None = None

    def is_sound(self) -> bool:
        """Tell whether the connection is still there."""
        if self.connection is None:
            return True
        with suppress(DBAPIError):
            if not self.connection.invalidated:
                self.connection.execute(select(1))
                return True
        return False


@contextmanager
def held(store: ProjectStore, sources: Iterable[str]) -> Iterator[Callable[[], None]]:
    """
    Hold the sources of a store; the system lets go when the program ends, however it ends.

    Gives what takes them again where a database server has forgotten them in a restart; to be
    called from time to time.

    Raises
    ------
    StoreError
        Another worker holds one of them.
    """
    with ExitStack() as stack:
        holds: dict[str, _Hold] = {}
        for name in sorted(set(sources)):
            holds[name] = stack.enter_context(_held(store, name, patience_s=PATIENCE_S))

        def renew() -> None:
            for name in [name for name, hold in holds.items() if not hold.is_sound()]:
                try:
                    again = stack.enter_context(_held(store, name, patience_s=PATIENCE_S))
                    holds[name].close()
                    holds[name] = again
                except StoreError as error:
                    if error.__cause__ is None:  # not the server is away: another has taken it
                        raise

        yield renew


def is_held(store: ProjectStore, source: str) -> bool:
    """Tell whether a worker runs a source just now."""
    try:
        with _held(store, source):
            return False
    except StoreError:
        return True


def _held(store: ProjectStore, source: str, *, patience_s: float = 0.0) -> _Hold:
    stack = _Hold()
    until = time.monotonic() + patience_s
    while not (is_mine := _taken(store, source, stack)) and time.monotonic() < until:
        time.sleep(0.05)
    if not is_mine:
        template = "Another worker runs the source {source} into {place} already."
        hint = "End it first, or give this source another name."
        raise StoreError(template, hint=hint, source=source, place=store.database.place.shown)
    return stack


def _taken(store: ProjectStore, source: str, stack: _Hold) -> bool:
    path = store.database.path
    is_mine = _server(store, source, stack) if path is None else _file(path, source, stack)
    if not is_mine:
        stack.close()
    return is_mine


def _server(store: ProjectStore, source: str, stack: _Hold) -> bool:
    digest = hashlib.blake2b(f"feed {source}".encode(), digest_size=8).digest()
    number = int.from_bytes(digest, "big", signed=True)
    engine = store.database.engine.execution_options(isolation_level="AUTOCOMMIT")
    with database_errors(store.database.place):
        connection = stack.enter_context(engine.connect())
        found = connection.execute(select(func.pg_try_advisory_lock(number))).scalar()
    if found:
        stack.connection = connection
        stack.callback(_let_go, connection, number)
    return bool(found)


def _let_go(connection: Connection, number: int) -> None:
    with suppress(Exception):  # a server that is gone has let go as well
        connection.execute(select(func.pg_advisory_unlock(number)))


def _file(path: Path, source: str, stack: _Hold) -> bool:
    try:
        file = path.with_name(f"{path.name}.{source}.lock").open("a+b")
    except OSError:
        return True  # a precaution only: where no file can be made, there is none
    stack.enter_context(file)
    return _locked(file)


def _locked(file: IO[bytes]) -> bool:
    try:
        if sys.platform == "win32":
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
