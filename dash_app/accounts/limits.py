"""Against guessing: after some failures each further attempt has to wait longer."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from dash_app.accounts.errors import AccessError
from dash_app.accounts.origin import is_ip
from layers.project_store.accounts import login_key

if TYPE_CHECKING:
    from layers.project_store import ProjectStore


@dataclass(frozen=True)
class Limit:
    """So many failures are free; then the wait doubles from `first_s` up to `longest_s`."""

    free: int
    first_s: int = 5
    longest_s: int = 300
    forgotten_s: int = 3600  # after the last failure

    def wait_s(self, failures: int) -> int:
        """
        Return how long to wait after so many failures.

        >>> [Limit(free=2).wait_s(n) for n in (1, 2, 3, 4, 5, 50)]
        [0, 5, 10, 20, 40, 300]
        """
        beyond = min(failures - self.free, 20)
        return 0 if beyond < 0 else min(self.longest_s, self.first_s * 2**beyond)


PAIR = Limit(free=5)
"""One account from one address."""

ACCOUNT = Limit(free=50, longest_s=60)
"""One account from everywhere: short, so that nobody can lock its owner out by failing."""

ADDRESS = Limit(free=20)
STARTS = Limit(free=60, longest_s=60, forgotten_s=600)
"""Of sign-ins handed to another service from one address: each keeps a ticket for minutes."""


def attempt(store: ProjectStore, login: str, address: str | None) -> None:
    """
    Note an attempt to sign in as a failure before it is made, so that many at once count as well.

    Counts are in the store: neither a restart nor a second process gives new attempts. Logins and
    addresses are stored as hashes with a salt that is forgotten after a day.

    Raises
    ------
    AccessError
        The account or the address has to wait (429).
    """
    account, place = _login_name(store, login), _address_name(store, address)
    _count(store, place, ADDRESS)
    _count(store, f"{account}:{place[-32:]}", PAIR)
    _count(store, account, ACCOUNT)


def succeeded(store: ProjectStore, login: str, address: str | None) -> None:
    """Take back what `attempt` noted; the account starts afresh, the address has one less."""
    forgive(store, login)
    now = datetime.now(UTC)

    def less(value: Any) -> tuple[Any, datetime]:
        known = value or {"failures": 1}
        return (
            {"failures": max(0, known["failures"] - 1), "until": 0},
            now + timedelta(seconds=ADDRESS.forgotten_s),
        )

    store.accounts.update_ticket(_address_name(store, address), less)


def forgive(store: ProjectStore, login: str) -> None:
    """Forget the failures of an account."""
    store.accounts.forget_tickets(_login_name(store, login))


def start(store: ProjectStore, address: str | None) -> None:
    """Note that a sign-in with another service starts; raise `AccessError` if too many do."""
    _count(store, f"starts:{_salted(store, _place(address))}", STARTS)


def later(seconds: int) -> datetime:
    """Return the moment so many seconds from now."""
    return datetime.now(UTC) + timedelta(seconds=seconds)


def _count(store: ProjectStore, name: str, limit: Limit) -> None:
    now = datetime.now(UTC)
    waits: list[float] = []

    def more(value: Any) -> tuple[Any, datetime]:
        known = value or {"failures": 0, "until": 0}
        left = known["until"] - now.timestamp()
        if left > 0:
            waits.append(left)
        else:
            failures = known["failures"] + 1
            until = now.timestamp() + limit.wait_s(failures)
            known = {"failures": failures, "until": until if limit.wait_s(failures) else 0}
        return known, now + timedelta(seconds=max(limit.forgotten_s, limit.longest_s))

    store.accounts.update_ticket(name, more)
    if waits:
        seconds = int(waits[0]) + 1
        raise AccessError(
            "There were too many attempts. The next one is possible in {seconds} seconds.",
            status=429, wait_s=seconds, seconds=seconds,
        )  # fmt: skip


def _login_name(store: ProjectStore, login: str) -> str:
    return f"failures:login:{_salted(store, login_key(login))}"


def _address_name(store: ProjectStore, address: str | None) -> str:
    return f"failures:address:{_salted(store, _place(address))}"


def _place(address: str | None) -> str:
    """Return an address as one place: of IPv6 a household has 2^64."""
    if address is None or not is_ip(address):
        return "?"
    known = ip_address(address)
    mapped = getattr(known, "ipv4_mapped", None)
    if mapped is not None or known.version == 4:
        return str(mapped or known)
    return str(ip_network(f"{address.partition('%')[0]}/64", strict=False))


def _salted(store: ProjectStore, text: str) -> str:
    """Return a hash that nobody can take back once the salt of the day is gone."""
    now = datetime.now(UTC)
    name = f"salt:{now:%Y-%m-%d}"
    salt = store.accounts.ticket(name)
    if salt is None:
        tomorrow = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        salt = store.accounts.update_ticket(
            name, lambda there: (there or secrets.token_hex(32), tomorrow + timedelta(hours=1))
        )
    return hmac.new(
        bytes.fromhex(salt), text.encode("utf-8", "replace"), hashlib.sha256
    ).hexdigest()
