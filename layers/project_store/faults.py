"""What a database refuses, in words and without any password."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

from sqlalchemy import exc

from twin.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL


@dataclass(frozen=True)
class Place:
    """Which database is meant, as it may be shown to people."""

    shown: str
    secrets: tuple[str, ...] = ()

    def clean(self, text: str) -> str:
        """Return a text on one line without passwords."""
        line = " ".join(text.split())
        for secret in self.secrets:
            line = line.replace(secret, "***")
        return line


def place_of(url: URL) -> Place:
    """Return how a database is shown: a file by its path, a server by its address."""
    if url.get_backend_name() == "sqlite":
        return Place(str(url.database))
    hidden = {key: "***" for key in url.query if "password" in key.lower()}
    plain = url.set(drivername="postgresql")  # which driver is used is nobody's business
    shown = plain.update_query_dict(hidden).render_as_string(hide_password=True)
    secrets = [str(url.password)] if url.password else []
    secrets += [str(url.query[key]) for key in hidden]
    spelt = {form for word in secrets for form in (word, quote(word, safe=""), quote_plus(word))}
    return Place(shown, tuple(sorted(spelt, key=len, reverse=True)))


@contextmanager
def database_errors(place: Place) -> Iterator[None]:
    """Turn what the database refuses into one sentence."""
    try:
        yield
    except exc.DBAPIError as error:
        raise explained(error, place) from error
    except exc.TimeoutError as error:  # every connection of this program is busy
        raise _busy(place) from error


def explained(error: exc.DBAPIError, place: Place) -> StoreError:
    """Return the sentence for a refusal of the database."""
    cause: Any = error.orig
    if name := getattr(cause, "sqlite_errorname", None):
        return _of_sqlite(name, cause, place)
    if state := getattr(cause, "sqlstate", None):
        return _of_postgresql(state, cause, place)
    if getattr(cause, "pgconn", None) is not None or type(cause).__module__.startswith("psycopg"):
        return _of_connection(cause, place)
    return _other(cause, place)


def _of_sqlite(name: str, cause: Exception, place: Place) -> StoreError:
    plain = {
        "BUSY": _busy, "LOCKED": _busy, "PROTOCOL": _busy, "FULL": _full, "READONLY": _read_only,
        "PERM": _read_only, "AUTH": _read_only, "CANTOPEN": _closed, "NOTADB": foreign,
    }  # fmt: skip
    kind = name.removeprefix("SQLITE_").partition("_")[0]
    if kind in plain:
        return plain[kind](place)
    if kind == "CORRUPT":
        template = "{place} is damaged ({reason})."
        hint = "Take the newest copy from your backup; the damaged file is left as it is."
        reason = place.clean(str(cause))
        return StoreError(template, hint=hint, place=place.shown, reason=reason)
    return _other(cause, place)


def _of_postgresql(state: str, cause: Exception, place: Place) -> StoreError:
    if state == "53100":
        return _full(place)
    if state in {"55P03", "57014", "40P01"}:  # lock not available, cancelled, deadlock
        return _busy(place)
    if state in {"42501", "25006"}:  # insufficient privilege, read-only transaction
        return _read_only(place)
    if state.startswith(("08", "57P")):  # connection lost, server shuts down
        return _of_connection(cause, place)
    return _other(cause, place)


def _of_connection(cause: Any, place: Place) -> StoreError:
    """Say why a server could not be used: it is not there, or it does not let this user in."""
    text = place.clean(str(cause))
    reason = text.rpartition("FATAL:")[2].strip()
    connection = getattr(cause, "pgconn", None)
    if getattr(connection, "needs_password", False):
        template = "The database server asks for a password for {place}."
        hint = "Write it into the address (user:password@server) or set PGPASSWORD."
        return StoreError(template, hint=hint, place=place.shown)
    if "FATAL:" in text:
        template = "The database server refuses to open {place} ({reason})."
        hint = "Check user, password and name of the database in the address."
        return StoreError(template, hint=hint, place=place.shown, reason=reason)
    template = "No database server answers at {place} ({reason})."
    hint = "Check address and port, and whether the server runs."
    return StoreError(template, hint=hint, place=place.shown, reason=text)


def foreign(place: Place) -> StoreError:
    """Return the refusal of a file that is something else."""
    template = "{place} is no project database."
    hint = "Name a new file, or the one your projects are in; this one is left untouched."
    return StoreError(template, hint=hint, place=place.shown)


def _busy(place: Place) -> StoreError:
    template = "{place} is in use by another program and did not become free in time."
    hint = "Nothing was saved. Try again, or close the other program."
    return StoreError(template, hint=hint, place=place.shown)


def _closed(place: Place) -> StoreError:
    template = "{place} cannot be opened."
    hint = "Check that the folder exists and that you may read and write in it."
    return StoreError(template, hint=hint, place=place.shown)


def _full(place: Place) -> StoreError:
    template = "The disk is full; nothing was saved in {place}."
    return StoreError(template, hint="Free some space and save again.", place=place.shown)


def _read_only(place: Place) -> StoreError:
    template = "{place} may not be written; nothing was saved."
    hint = "Check the permissions, or save to another database."
    return StoreError(template, hint=hint, place=place.shown)


def _other(cause: object, place: Place) -> StoreError:
    template = "The database {place} failed ({reason}); nothing was saved."
    hint = "Try again; if it stays so, restore the newest backup."
    reason = place.clean(str(cause))
    return StoreError(template, hint=hint, place=place.shown, reason=reason)
