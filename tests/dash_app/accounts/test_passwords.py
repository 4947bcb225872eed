"""What may be a password, how it is kept, how guessing is slowed down."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dash_app.accounts import AccessError, limits
from dash_app.accounts.limits import Limit
from dash_app.accounts.passwords import Passwords, password_faults
from tests.dash_app.accounts.conftest import WORDS, quick

LOGIN = "erika.muster@town.de"


@pytest.mark.parametrize(
    "password",
    [
        "", "kurz", "elf-Zeichen", "passwort1234", "Passwort2026!", "P4ssw0rt2026", "!!password!!1",
        "troisdorf2026", "Troisdorf53840", "qwertzuiop12", "qwertzuiopü", "123456789012",
        "098765432109", "abcdefghijklm", "aaaaaaaaaaaaaaa", "abababababab", "hallohallo123",
        "passwortpasswort", "1q2w3e4r5t6z", "erika.muster@town.de", "Erika.Muster2026",
        "retsum.akire", "x" * 1001, "            ", "administrator1", "stadtverwaltung1",
    ],
)  # fmt: skip
def test_what_is_guessed_first_is_no_password(password):
    assert password_faults(password, LOGIN)


@pytest.mark.parametrize(
    "password",
    [
        WORDS, "correct horse battery staple", "Z7#kq-9w!Lm2", "Straße am Güterbahnhof 12",
        "пароль для города", "🏠🚲🚌🌳 am Bach 7", "Fahrradstraße statt Parkplatz",
    ],
)  # fmt: skip
def test_what_only_its_owner_puts_together_is(password):
    assert password_faults(password, LOGIN) == []


@given(st.text(max_size=60), st.text(max_size=30))
def test_any_text_is_judged_without_a_fault(password, login):
    for fault in password_faults(password, login):
        assert str(fault)


def test_kept_is_argon2id_with_a_salt():
    assert Passwords().hash(WORDS).startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    passwords = quick()
    one, two = passwords.hash(WORDS), passwords.hash(WORDS)
    assert one.startswith("$argon2id$")
    assert one != two
    assert passwords.check(WORDS, one) == (True, None)
    assert passwords.check(WORDS + "x", one) == (False, None)
    assert passwords.check(WORDS, None) == (False, None)
    assert passwords.check(WORDS, "broken") == (False, None)
    assert passwords.check("nobody has this password", None) == (False, None)


def test_every_keyboard_gives_the_same_password():
    passwords = quick()
    kept = passwords.hash(unicodedata.normalize("NFC", "Güterbahnhof"))
    assert passwords.check(unicodedata.normalize("NFD", "Güterbahnhof"), kept)[0]
    assert passwords.check("\ud800", kept) == (False, None)  # half a character is no fault


def test_waits_grow_and_end():
    limit = Limit(free=3, first_s=5, longest_s=300)
    waits = [limit.wait_s(n) for n in range(200)]
    assert waits[:8] == [0, 0, 0, 5, 10, 20, 40, 80]
    assert waits == sorted(waits)
    assert max(waits) == 300


def test_a_count_is_forgotten_by_success_and_by_the_operator(store):
    for _ in range(5):
        limits.attempt(store, "ada", "10.0.0.1")
    with pytest.raises(AccessError) as caught:
        limits.attempt(store, "ADA ", "10.0.0.1")
    assert caught.value.status == 429
    assert 0 < caught.value.wait_s <= 6
    limits.forgive(store, "Ada")
    limits.attempt(store, "ada", "10.0.0.1")


def test_nobody_locks_the_owner_out_by_failing(store):
    for _ in range(5):
        limits.attempt(store, "ada", "10.6.6.6")
    for _ in range(3):
        with pytest.raises(AccessError):
            limits.attempt(store, "ada", "10.6.6.6")
    limits.attempt(store, "ada", "10.0.0.1")


def test_guessing_from_many_addresses_has_to_wait_a_little(store):
    for number in range(50):
        limits.attempt(store, "ada", f"10.0.{number}.1")
    with pytest.raises(AccessError) as caught:
        limits.attempt(store, "ada", "10.1.0.1")
    assert caught.value.wait_s <= limits.ACCOUNT.longest_s + 1
    limits.attempt(store, "grace", "10.1.0.1")


def test_a_household_of_ipv6_is_one_address(store):
    for number in range(20):
        limits.attempt(store, f"a{number}", f"2001:db8:1:2::{number:x}")
    with pytest.raises(AccessError):
        limits.attempt(store, "x", "2001:db8:1:2:ffff::1")
    limits.attempt(store, "x", "2001:db8:1:3::1")
    limits.attempt(store, "y", "fe80::1%eth0")
    limits.attempt(store, "z", None)


def test_those_who_sign_in_rightly_do_not_use_up_their_address(store):
    """A town hall has one address for all: only failures count."""
    for number in range(25):
        limits.attempt(store, f"a{number}", "10.0.0.1")
        limits.succeeded(store, f"a{number}", "10.0.0.1")
