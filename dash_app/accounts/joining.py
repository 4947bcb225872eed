"""Which account somebody has who was signed in by another service."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from dash_app.accounts.oidc import Identity, OidcError, role_of

if TYPE_CHECKING:
    from dash_app.settings import Oidc
    from layers.project_store import Account, AccountRole, ProjectStore


def account_of(store: ProjectStore, oidc: Oidc, identity: Identity) -> Account:
    """
    Return the account of an identity, with the role that the settings give it today.

    The first sign-in makes the account, or joins the one whose login is the same verified address.

    Raises
    ------
    OidcError
        The settings give it no role, or the account is disabled or somebody else's.
    """
    found = role_of(identity, oidc)
    if found is None:
        raise _refused("no role, or address not verified")
    role = cast("AccountRole", found)
    account = store.accounts.find(subject=identity.subject)
    if account is None:
        account = store.accounts.find(login=identity.email)
        if account is None:
            return store.accounts.add(
                identity.email, name=identity.name, role=role, subject=identity.subject
            )
        if account.subject is not None:
            raise _refused("the login belongs to another subject")
        store.accounts.log(account.name, "joined", detail={"account": account.id})
        account = store.accounts.change(account.id, subject=identity.subject)
    if account.disabled:
        raise _refused("disabled")
    if account.role != role:
        store.accounts.end_sessions(account.id)
        account = store.accounts.change(account.id, role=role)
    return account


def _refused(reason: str) -> OidcError:
    return OidcError(
        "You have no account here.", reason=reason,
        hint="Ask the people who run this server to give you one.",
    )  # fmt: skip
