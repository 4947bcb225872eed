"""One worker a source: a second one on the same store is told so."""

from __future__ import annotations

import hashlib
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import IO, TYPE_CHECKING

from sqlalchemy import func, select

from layers.project_store.faults import database_errors
from twin.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from layers.project_store import ProjectStore

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


PATIENCE_S = 0.5
"""Who only looks whether a worker runs holds the source for a moment."""


@contextmanager
def held(store: ProjectStore, sources: Iterable[str]) -> Iterator[None]:
    """
    Hold the sources of a store; the system lets go when the program ends, however it ends.

    Raises
    ------
    StoreError
        Another worker holds one of them.
    """
    with ExitStack() as stack:
        for name in sorted(set(sources)):
            stack.enter_context(_held(store, name, patience_s=PATIENCE_S))
        yield


def is_held(store: ProjectStore, source: str) -> bool:
    """Tell whether a worker runs a source just now."""
    try:
        with _held(store, source):
            return False
    except StoreError:
        return True


def _held(store: ProjectStore, source: str, *, patience_s: float = 0.0) -> ExitStack:
    stack = ExitStack()
    until = time.monotonic() + patience_s
    while not (is_mine := _taken(store, source, stack)) and time.monotonic() < until:
        time.sleep(0.05)
    if not is_mine:
        template = "Another worker runs the source {source} into {place} already."
        hint = "End it first, or give this source another name."
        raise StoreError(template, hint=hint, source=source, place=store.database.place.shown)
    return stack


def _taken(store: ProjectStore, source: str, stack: ExitStack) -> bool:
    path = store.database.path
    is_mine = _server(store, source, stack) if path is None else _file(path, source, stack)
    if not is_mine:
        stack.close()
    return is_mine


def _server(store: ProjectStore, source: str, stack: ExitStack) -> bool:
    digest = hashlib.blake2b(f"feed {source}".encode(), digest_size=8).digest()
    number = int.from_bytes(digest, "big", signed=True)
    engine = store.database.engine.execution_options(isolation_level="AUTOCOMMIT")
    with database_errors(store.database.place):
        connection = stack.enter_context(engine.connect())
        found = connection.execute(select(func.pg_try_advisory_lock(number))).scalar()
    if found:
        stack.callback(_let_go, connection, number)
    return bool(found)


def _let_go(connection: Connection, number: int) -> None:
    with suppress(Exception):  # a server that is gone has let go as well
        connection.execute(select(func.pg_advisory_unlock(number)))


def _file(path: Path, source: str, stack: ExitStack) -> bool:
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
