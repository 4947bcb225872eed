"""Accounts, sessions and the log of a shared server, as rows; what they mean is said elsewhere."""

from __future__ import annotations

import json
import unicodedata
import uuid
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import delete, func, insert, select, update

from layers.project_store import queries
from layers.project_store.content import refuse_unprintable, setting_text
from layers.project_store.tables import ACCOUNTS, AUDIT, SESSIONS, TICKETS
from twin.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import ColumnElement, Connection

    from layers.project_store.database import Database

AccountRole = Literal["planner", "admin"]
LONGEST_LOGIN = 200


@dataclass(frozen=True)
class Account:
    """Somebody who may sign in; the store knows login, name and role and nothing else of them."""

    id: str
    login: str  # as typed by everybody: lower case
    name: str
    role: AccountRole
    created: datetime  # UTC
    disabled: datetime | None = None  # UTC
    password_hash: str | None = None
    subject: str | None = None  # who it is for another sign-in service


@dataclass(frozen=True)
class Session:
    """One browser that is signed in; its token is stored as a hash only."""

    token_hash: str
    account: Account
    created: datetime  # UTC
    last_seen: datetime  # UTC
    ends: datetime  # UTC


@dataclass(frozen=True)
class LogEntry:
    """Who did what and when; entries are never changed."""

    id: int
    at: datetime  # UTC
    account: str
    action: str
    what: str
    detail: Any  # JSON


class AccountStore:
    """Accounts, sessions, log and short-lived notes of a shared server."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def add(
        self,
        login: str,
        *,
        name: str,
        role: AccountRole,
        password_hash: str | None = None,
        subject: str | None = None,
    ) -> Account:
        """
        Add an account and return it.

        Raises
        ------
        StoreError
            The login or the subject is taken, or cannot be stored.
        """
        refuse_unprintable(login, name, subject or "")
        made = Account(
            uuid.uuid4().hex, login_key(login), name, role, datetime.now(UTC), None, password_hash,
            subject,
        )  # fmt: skip
        taken = ACCOUNTS.c.login == made.login
        if subject is not None:
            taken |= ACCOUNTS.c.subject == subject
        with self.database.writing() as connection:
            queries.lock_table(connection, ACCOUNTS)
            if connection.execute(select(ACCOUNTS.c.id).where(taken)).first() is not None:
                template = "There is an account {login} already."
                raise StoreError(template, hint="Choose another login.", login=made.login)
            connection.execute(insert(ACCOUNTS).values(**made.__dict__))
        return made

    def all(self) -> tuple[Account, ...]:
        """Return all accounts, disabled ones too, by login."""
        with self.database.reading() as connection:
            rows = connection.execute(select(ACCOUNTS).order_by(ACCOUNTS.c.login))
            return tuple(_account(row) for row in rows)

    def find(
        self, *, login: str | None = None, key: str | None = None, subject: str | None = None
    ) -> Account | None:
        """Return the account of a login, a key (its id) or a subject."""
        if login is not None:
            chosen = ACCOUNTS.c.login == login_key(login)
        else:
            chosen = ACCOUNTS.c.id == key if key is not None else ACCOUNTS.c.subject == subject
        with self.database.reading() as connection:
            row = connection.execute(select(ACCOUNTS).where(chosen)).first()
        return None if row is None else _account(row)

    def change(self, account_id: str, **values: Any) -> Account:
        """
        Change `name`, `role`, `password_hash`, `subject` or `disabled` (a time or None).

        Whatever else than the name or a fresher hash of the same password changes should be
        followed by `end_sessions`.
        """
        with self.database.writing() as connection:
            query = update(ACCOUNTS).where(ACCOUNTS.c.id == account_id).values(**values)
            connection.execute(query)
        found = self.find(key=account_id)
        if found is None:
            template = "There is no account {key} in this database."
            raise StoreError(template, key=account_id)
        return found

    def open_session(self, token_hash: str, account_id: str, ends: datetime) -> None:
        """Note that a browser is signed in; sessions that have ended are cleared away."""
        now = datetime.now(UTC)
        row = {"created": now, "last_seen": now, "ends": ends}
        with self.database.writing() as connection:
            connection.execute(delete(SESSIONS).where(SESSIONS.c.ends < now))
            connection.execute(
                insert(SESSIONS).values(token_hash=token_hash, account_id=account_id, **row)
            )

    def session(self, token_hash: str) -> Session | None:
        """Return the session of a token with its account, ended or not."""
        query = (
            select(SESSIONS, *(column.label(f"of_{column.name}") for column in ACCOUNTS.c))
            .join(ACCOUNTS, ACCOUNTS.c.id == SESSIONS.c.account_id)
            .where(SESSIONS.c.token_hash == token_hash)
        )
        with self.database.reading() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        return Session(row.token_hash, _account(row, "of_"), row.created, row.last_seen, row.ends)

    def touch(self, token_hash: str, now: datetime) -> None:
        """Note that a session was used."""
        self._run(update(SESSIONS).where(SESSIONS.c.token_hash == token_hash).values(last_seen=now))

    def end_session(self, token_hash: str) -> None:
        """Sign one browser out."""
        self._run(delete(SESSIONS).where(SESSIONS.c.token_hash == token_hash))

    def end_sessions(self, account_id: str) -> int:
        """Sign an account out everywhere and return how many browsers that were."""
        return self._run(delete(SESSIONS).where(SESSIONS.c.account_id == account_id))

    def put_ticket(self, name: str, value: Any, ends: datetime) -> None:
        """Keep a JSON value until a time, in place of an earlier one of this name."""
        self.update_ticket(name, lambda _: (value, ends))

    def ticket(self, name: str) -> Any:
        """Return what is kept under a name; None where nothing is or it has ended."""
        with self.database.reading() as connection:
            return _ticket(connection, name, datetime.now(UTC))

    def take_ticket(self, name: str) -> Any:
        """Return what is kept under a name and forget it: of two who ask, one gets it."""
        with self.database.writing() as connection:
            queries.lock_table(connection, TICKETS)
            found = _ticket(connection, name, datetime.now(UTC))
            connection.execute(delete(TICKETS).where(TICKETS.c.name == name))
            return found

    def update_ticket(self, name: str, change: Callable[[Any], tuple[Any, datetime]]) -> Any:
        """Replace what is kept under a name by what `change` makes of it; nobody comes between."""
        now = datetime.now(UTC)
        with self.database.writing() as connection:
            queries.lock_table(connection, TICKETS)
            connection.execute(delete(TICKETS).where(TICKETS.c.ends < now))
            value, ends = change(_ticket(connection, name, now))
            connection.execute(delete(TICKETS).where(TICKETS.c.name == name))
            row = {"name": name, "value": setting_text(value), "ends": ends}
            connection.execute(insert(TICKETS).values(**row))
            return value

    def forget_tickets(self, prefix: str) -> None:
        """Forget everything whose name starts so."""
        self._run(delete(TICKETS).where(TICKETS.c.name.startswith(prefix, autoescape=True)))

    def log(
        self, account: str, action: str, what: str = "", detail: Mapping[str, Any] | None = None
    ) -> None:
        """Add one line to the log; characters that cannot be stored are replaced."""
        row = {
            "at": datetime.now(UTC),
            "account": _printable(account),
            "action": action[:100],
            "what": _printable(what),
            "detail": _printable(json.dumps(dict(detail or {}), default=str, ensure_ascii=True)),
        }
        self._run(insert(AUDIT).values(**row))

    def entries(self, *, most: int = 200, before: int | None = None) -> tuple[LogEntry, ...]:
        """Return the newest lines of the log, the newest first; `before` an id for older ones."""
        query = select(AUDIT).order_by(AUDIT.c.id.desc()).limit(most)
        if before is not None:
            query = query.where(AUDIT.c.id < before)
        with self.database.reading() as connection:
            return tuple(
                LogEntry(row.id, row.at, row.account, row.action, row.what, json.loads(row.detail))
                for row in connection.execute(query)
            )

    def count(self) -> int:
        """Return how many accounts there are."""
        with self.database.reading() as connection:
            return connection.execute(select(func.count()).select_from(ACCOUNTS)).scalar_one()

    def _run(self, statement: Any) -> int:
        with self.database.writing() as connection:
            return int(connection.execute(statement).rowcount)


def login_key(login: str) -> str:
    """
    Return a login as it is compared: without spaces around it, in lower case, `ü` as one sign.

    >>> login_key("  Erika.Muster@Town.DE ")
    'erika.muster@town.de'
    """
    return unicodedata.normalize("NFKC", login).strip().casefold()


def _ticket(connection: Connection, name: str, now: datetime) -> Any:
    alive: ColumnElement[bool] = (TICKETS.c.name == name) & (TICKETS.c.ends >= now)
    text = connection.execute(select(TICKETS.c.value).where(alive)).scalar()
    return None if text is None else json.loads(text)


def _account(row: Any, prefix: str = "") -> Account:
    return Account(**{field.name: getattr(row, prefix + field.name) for field in fields(Account)})


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\x00", "?")
