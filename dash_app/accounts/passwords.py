"""Passwords: what may be one, how it is kept (Argon2id), how it is checked."""

from __future__ import annotations

import re
import unicodedata
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dash_app.accounts.errors import AccessError
from twin.sentences import Sentence, say

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORTEST, LONGEST = 12, 1000
FEWEST_DIFFERENT = 5

WORDS = """
    abc abcd abcdef abcdefg abcdefgh access admin administrator anmelden asdf asdfgh asdfghjkl
    baseball bauamt berlin bonn changeme computer drowssap dragon einstein energie fck fcköln
    football fussball fußball geheim geheimnis guest hallo halloween hello hallowelt herbst
    iloveyou ichliebedich köln koeln lassmichrein letmein letmeinplease login master mobilität
    monkey passw passwd passwort password passwortpasswort passwordpassword planer planung princess
    qazwsx qwert qwerty qwertyuiop qwertz qwertzuiop qwerasdf rathaus root schalke schatz sommer
    sonne sonnenschein stadt stadtplanung stadtverwaltung starwars sunshine superman test testtest
    troisdorf twin verwaltung wasser welcome wilkommen willkommen winter frühling fruehling
    yxcvbnm zaq zwilling"""
COMMON = frozenset(WORDS.split())
"""Words that most used passwords are made of, with a few of planners; digits around do not help."""


def password_faults(password: str, login: str) -> list[Sentence]:
    """
    Return why a text cannot be the password of an account; empty where it can.

    >>> [str(fault) for fault in password_faults("Passwort2026", "ada")]
    ['It is one of the most used passwords, or made of one.']
    >>> password_faults("vier Worte an der Agger", "ada")
    []
    """
    return list(_faults(_normal(password), _normal(login).strip().casefold()))


def _faults(password: str, login: str) -> Iterator[Sentence]:
    if len(password) < SHORTEST:
        yield say("It has {count} characters; at least {least} are needed.",
                  count=len(password), least=SHORTEST)  # fmt: skip
        return
    if len(password) > LONGEST:
        yield say("It has more than {most} characters.", most=LONGEST)
        return
    folded = password.casefold()
    name = login.partition("@")[0]
    cores = _cores(folded)
    if folded in {login, login[::-1]} or (len(name) > 3 and {name, name[::-1]} & cores):
        yield say("It is the login, or made of it.")
    if cores & COMMON or _is_row(folded):
        yield say("It is one of the most used passwords, or made of one.")
    if len(set(folded)) < FEWEST_DIFFERENT:
        yield say("It has only {count} different characters.", count=len(set(folded)))


def _cores(folded: str) -> set[str]:
    """
    Return what a password is made of, without the digits and signs that people hang on to it.

    >>> sorted(_cores("p4ssw0rdp4ssw0rd!2026"))
    ['p4ssw0rd', 'p4ssw0rdp4ssw0rd', 'password', 'passwordpassword']
    """
    bare = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", folded)
    both = {bare, bare.translate(str.maketrans("013457@$", "oieastas"))}
    return both | {_repeated(core) for core in both}


def _repeated(core: str) -> str:
    """Return the part that a text repeats, the text itself where it repeats nothing."""
    sizes = (n for n in range(1, len(core) // 2 + 1) if len(core) % n == 0)
    return next((core[:n] for n in sizes if core[:n] * (len(core) // n) == core), core)


def _is_row(folded: str) -> bool:
    """Return whether a text follows the keyboard or counts."""
    rows = (
        "0123456789" * 4, "1234567890" * 4, "9876543210" * 4, "abcdefghijklmnopqrstuvwxyz" * 2,
        "qwertzuiopü" * 2, "qwertyuiop" * 2, "1q2w3e4r5t6z7u8i9o0p", "1qaz2wsx3edc4rfv5tgb",
    )  # fmt: skip
    return any(folded in row for row in rows)


class Passwords:
    """
    Keeps and checks passwords; not more than `at_once` together, each takes 64 MiB for a moment.

    Hashes of earlier parameters are replaced when their owner signs in.
    """

    def __init__(self, hasher: PasswordHasher | None = None, *, at_once: int = 2) -> None:
        self._hasher = hasher or PasswordHasher()
        self._room = BoundedSemaphore(at_once)
        self._nobody = self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """Return what is kept of a password."""
        with self._room:
            return self._hasher.hash(_normal(password).encode("utf-8", "replace"))

    def check(self, password: str, kept: str | None) -> tuple[bool, str | None]:
        """
        Return whether a password is right, and a fresh hash where the kept one is of an old kind.

        Without `kept` (nobody has this login) it takes the same time and is wrong.

        Raises
        ------
        AccessError
            So many people sign in that it did not come to its turn.
        """
        if len(password) > LONGEST:
            return False, None
        given = _normal(password).encode("utf-8", "replace")
        if not self._room.acquire(timeout=10):
            raise AccessError(
                "Too many people sign in at this moment.", status=429, wait_s=10,
                hint="Try again in a few seconds.",
            )  # fmt: skip
        try:
            right = self._verify(kept or self._nobody, given) and kept is not None
            old = right and kept is not None and self._hasher.check_needs_rehash(kept)
            return right, self._hasher.hash(given) if old else None
        finally:
            self._room.release()

    def _verify(self, kept: str, given: bytes) -> bool:
        try:
            return self._hasher.verify(kept, given)
        except (VerificationError, InvalidHashError):
            return False


def _normal(password: str) -> str:
    """Return a text as every keyboard gives it: `ü` is one character or two."""
    return unicodedata.normalize("NFKC", password)
