"""Signing in with a password, and changing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dash_app.accounts import limits
from dash_app.accounts.errors import AccessError
from dash_app.accounts.passwords import password_faults
from layers.project_store.accounts import LONGEST_LOGIN

if TYPE_CHECKING:
    from dash_app.accounts.passwords import Passwords
    from layers.project_store import Account, ProjectStore
    from twin.sentences import Sentence


def sign_in(
    store: ProjectStore, passwords: Passwords, login: str, password: str, address: str | None
) -> Account:
    """
    Return the account that signs in with a password.

    It says the same, after the same time, whether the login is unknown, disabled, or the password
    is wrong.

    Raises
    ------
    AccessError
        Wrong (401), or too many attempts (429).
    """
    limits.attempt(store, login, address)
    account = _known(store, login)
    right, fresh = passwords.check(password, account.password_hash if account else None)
    if account is None or not right or account.disabled:
        # what was typed as a login may be a password, so unknown ones are not written down
        store.accounts.log(account.name if account else "", "sign_in_failed")
        raise AccessError("Login or password are not right.", status=401)
    if fresh:
        account = store.accounts.change(account.id, password_hash=fresh)
    limits.succeeded(store, login, address)
    store.accounts.log(account.name, "sign_in", detail={"account": account.id})
    return account


def change_password(
    store: ProjectStore, passwords: Passwords, account: Account, new: str
) -> list[Sentence]:
    """
    Give an account a new password and sign it out everywhere; return why not where it cannot be.

    Whoever asks has shown the old password, or is the operator.
    """
    if faults := password_faults(new, account.login):
        return faults
    store.accounts.change(account.id, password_hash=passwords.hash(new))
    store.accounts.end_sessions(account.id)
    limits.forgive(store, account.login)
    return []


def _known(store: ProjectStore, login: str) -> Account | None:
    if not login.strip() or len(login) > LONGEST_LOGIN or not login.strip().isprintable():
        return None
    return store.accounts.find(login=login)
