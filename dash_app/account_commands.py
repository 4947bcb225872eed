"""What the commands of `twin accounts` do."""

from __future__ import annotations

import getpass
import json
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dash_app.accounts.limits import forgive
from dash_app.accounts.pages import how_of, line_of, state_of
from dash_app.accounts.passwords import LONGEST, Passwords, password_faults
from dash_app.accounts.signing import change_password
from dash_app.settings_file import Fault, SettingsError
from layers.project_store import open_store
from layers.project_store.accounts import LONGEST_LOGIN, login_key
from twin.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dash_app.i18n import Translator
    from layers.project_store import Account, AccountRole, ProjectStore

ROLES = ("planner", "admin")
OPERATOR = "twin accounts"
"""Who stands in the log for what is done at the command line."""


def add_command(words: Translator, database: str, login: str, *, name: str, role: str) -> None:
    """Add an account with a password that is asked for."""
    known = _checked_login(login)
    shown = _clean(name) or known
    chosen = _checked_role(role)
    with _opened(database, new=True) as store:
        if store.accounts.find(login=known) is not None:  # before somebody thinks of a password
            template = "There is an account {login} already."
            raise StoreError(template, hint="Choose another login.", login=known)
        password = _asked_password(words, known)
        kept = Passwords().hash(password)
        made = store.accounts.add(known, name=shown, role=chosen, password_hash=kept)
        store.accounts.log(OPERATOR, "account_added", made.login, {"role": made.role})
    _print(words.text("{login} may sign in now.", login=made.login))


def list_command(words: Translator, database: str, *, as_json: bool) -> None:
    """Print all accounts."""
    with _opened(database) as store:
        accounts = store.accounts.all()
    if as_json:
        _print_json([_plain(account) for account in accounts])
        return
    if not accounts:
        _print(words.text("There is no account yet. `twin accounts add` adds one."))
        return
    say = words.text
    table = _table([say("Login"), say("Name"), say("Role"), say("Signs in with"), say("State")])
    for account in accounts:
        role, how = words.word(account.role, "role"), how_of(words, account)
        _add_row(table, [account.login, account.name, role, how, state_of(words, account)])
    _console().print(table)


def log_command(words: Translator, database: str, *, most: int, as_json: bool) -> None:
    """Print the newest lines of the log, the newest first."""
    with _opened(database) as store:
        entries = store.accounts.entries(most=most)
    if as_json:
        _print_json([{**entry.__dict__, "at": entry.at.isoformat()} for entry in entries])
        return
    say = words.text
    table = _table([say("Time"), say("Who"), say("What happened"), say("Concerns"), say("Details")])
    for entry in entries:
        _add_row(table, line_of(words, entry))
    _console().print(table)


def password_command(words: Translator, database: str, login: str) -> None:
    """Give an account another password and sign it out everywhere."""
    with _opened(database) as store:
        account = _found(store, login)
        password = _asked_password(words, account.login)
        change_password(store, Passwords(), account, password)
        store.accounts.log(OPERATOR, "password_changed", account.login)
    _print(words.text("{login} has a new password and is signed out.", login=account.login))


def role_command(words: Translator, database: str, login: str, role: str) -> None:
    """Give an account another role."""
    chosen = _checked_role(role)
    with _opened(database) as store:
        account = _found(store, login)
        store.accounts.change(account.id, role=chosen)
        store.accounts.end_sessions(account.id)
        store.accounts.log(OPERATOR, "role_changed", account.login, {"role": chosen})
    shown = words.word(chosen, "role")
    _print(words.text("{login} has the role {role} now.", login=account.login, role=shown))


def switch_command(words: Translator, database: str, login: str, *, disabled: bool) -> None:
    """Lock an account, or open it again."""
    with _opened(database) as store:
        account = _found(store, login)
        store.accounts.change(account.id, disabled=datetime.now(UTC) if disabled else None)
        store.accounts.end_sessions(account.id)
        forgive(store, account.login)
        action = "account_disabled" if disabled else "account_enabled"
        store.accounts.log(OPERATOR, action, account.login)
    if disabled:
        _print(words.text("{login} may not sign in any more.", login=account.login))
    else:
        _print(words.text("{login} may sign in now.", login=account.login))


@contextmanager
def _opened(database: str, *, new: bool = False) -> Iterator[ProjectStore]:
    """Open the database of a server; a file that is not there is a slip of the keys."""
    path = Path(database).expanduser()
    if "://" not in database and not new and not path.exists():
        template = "There is no database {path}."
        hint = "Name the one of the server: `database` in its settings."
        raise StoreError(template, hint=hint, path=database)
    with open_store(database if "://" in database else path) as store:
        yield store


def _found(store: ProjectStore, login: str) -> Account:
    account = store.accounts.find(login=_checked_login(login))
    if account is None:
        template = "There is no account {login}."
        raise StoreError(template, hint="`twin accounts list` shows all.", login=login)
    return account


def _checked_login(login: str) -> str:
    known = login_key(login)
    if not known or len(known) > LONGEST_LOGIN or not known.isprintable() or " " in known:
        template = "{login} cannot be a login: it has 1 to {most} characters and no spaces."
        raise StoreError(template, login=ascii(login[:40]), most=LONGEST_LOGIN)
    return known


def _checked_role(role: str) -> AccountRole:
    if role not in ROLES:
        template = "{role} is no role; there are planner and admin."
        raise StoreError(template, role=_clean(role))
    return cast("AccountRole", role)


def _asked_password(words: Translator, login: str) -> str:
    """Ask twice without showing it, or read one line where nobody sits at a terminal."""
    if _is_terminal():
        password = getpass.getpass(words.text("Password for {login}: ", login=login))
        if password != getpass.getpass(words.text("Once more: ")):
            raise StoreError("The two passwords differ; nothing was changed.")
    else:
        password = sys.stdin.readline(LONGEST + 2).rstrip("\r\n") if sys.stdin else ""
    if faults := password_faults(password, login):
        template = "This cannot be the password of {login}:"
        raise SettingsError(template, faults=[Fault(fault) for fault in faults], login=login)
    return password


def _is_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _plain(account: Account) -> dict[str, Any]:
    return {
        "login": account.login,
        "name": account.name,
        "role": account.role,
        "created": account.created.isoformat(),
        "disabled": account.disabled.isoformat() if account.disabled else None,
        "password": account.password_hash is not None,
        "service": account.subject is not None,
    }


def _table(heads: Sequence[str]) -> Table:
    table = Table()
    for head in heads:
        table.add_column(head)
    return table


def _add_row(table: Table, cells: Sequence[str]) -> None:
    table.add_row(*(escape(_clean(cell)) for cell in cells))


def _clean(text: str) -> str:
    """Return a text without what could move the cursor of a terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in text).strip()


def _console() -> Console:
    return Console(file=sys.stdout, soft_wrap=True)


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")


def _print_json(content: Any) -> None:
    sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=1) + "\n")
