"""Reads the settings of a server, and says every fault of the file in words."""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError

from dash_app.settings import Oidc, Settings
from twin.errors import FaultsError
from twin.sentences import Sentence, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

EMAIL = re.compile(r"[^@\s]+@[^@\s*]+\.[^@\s*]+")
HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.IGNORECASE)
LARGEST = 1_000_000


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in the file."""

    sentence: Sentence

    def __str__(self) -> str:
        """Return it in English."""
        return str(self.sentence)


class SettingsError(FaultsError):
    """Settings cannot be read; `faults` lists everything that is wrong."""

    faults: tuple[Fault, ...]


def read(path: Path) -> Settings:
    """Read a file; see `dash_app.settings.read_settings`."""
    raw = _parsed(_text(path), path)
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        faults = [_fault(entry, raw) for entry in error.errors()]
        raise _refusal(path, faults) from None
    resolved = _resolved(settings, path.resolve().parent)
    if faults := [Fault(sentence) for sentence in _contradictions(resolved)]:
        raise _refusal(path, faults)
    return resolved


def serving_settings(config: Path | None, host: str) -> Settings:
    """
    Return the settings of a server that is to listen on `host`; without a file those of a laptop.

    Raises
    ------
    SettingsError
        Passwords and cookies would go over the network in plain text, and nobody said they may.
    """
    settings = Settings() if config is None else read(config)
    is_covered = settings.certificate or settings.proxies or not settings.https
    if settings.mode == "shared" and not is_covered and not _is_here(host):
        template = "A shared server on {host} without TLS would send passwords in plain text."
        hint = (
            "Name certificate and certificate_key in the settings, or let a proxy do TLS (on this "
            "machine with --host 127.0.0.1, else with proxies); https = false takes the risk."
        )
        raise SettingsError(template, hint=hint, host=host)
    return settings


def _is_here(host: str) -> bool:
    return host == "localhost" or (_is_ip(host) and ip_address(host).is_loopback)


def _refusal(path: Path, faults: Sequence[Fault]) -> SettingsError:
    template = "The settings in {path} cannot be used:"
    return SettingsError(template, faults=faults, path=path)


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()[: LARGEST + 1]
        if len(content) > LARGEST:
            template = "{path} is no file of settings: it is too long."
            raise SettingsError(template, hint="Name the right file.", path=path)
        return content.decode("utf-8-sig")
    except OSError as error:
        template = "The settings in {path} cannot be read: {reason}."
        reason = error.strerror or str(error)
        hint = "Check name and permissions of the file."
        raise SettingsError(template, hint=hint, path=path, reason=reason) from error
    except UnicodeDecodeError as error:
        template = "{path} is no UTF-8 text."
        raise SettingsError(template, hint="Save it as UTF-8.", path=path) from error


def _parsed(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        template = "{path} is no valid TOML: {reason}."
        hint = 'A setting is a line such as mode = "shared"; texts stand in quotation marks.'
        raise SettingsError(template, hint=hint, path=path, reason=str(error)) from error


def _fault(entry: Any, raw: dict[str, Any]) -> Fault:
    place = ".".join(map(str, entry["loc"]))
    limits = entry.get("ctx", {})
    kind = entry["type"]
    if kind == "extra_forbidden":
        return Fault(_unknown(place, entry["loc"]))
    if kind == "missing":
        return Fault(say("{place} is missing.", place=place))
    value = _shortened(entry["input"])
    if kind == "literal_error":
        allowed = limits["expected"].replace("'", "").replace(" or ", ", ")
        return Fault(
            say("{place} is {value}; allowed are {allowed}.", place=place, value=value,
                allowed=allowed)
        )  # fmt: skip
    if kind in {"greater_than_equal", "less_than_equal"}:
        low, high = _bounds(entry["loc"])
        return Fault(
            say("{place} is {value}; allowed is {low} to {high}.", place=place, value=value,
                low=low, high=high)
        )  # fmt: skip
    wanted = _wanted(kind)
    return Fault(
        say("{place} is {value}; it should be {wanted}.", place=place, value=value, wanted=wanted)
    )


def _wanted(kind: str) -> Sentence:
    if kind.startswith("bool"):
        return say("true or false")
    if kind.startswith("int"):
        return say("a whole number")
    if kind.startswith(("tuple", "list")):
        return say('a list of texts, e.g. ["one", "two"]')
    if kind.startswith(("model", "dataclass")):
        return say("a section of its own")
    return say("a text in quotation marks")


def _unknown(place: str, location: Sequence[str | int]) -> Sentence:
    """Say which settings there are, the one that was probably meant first."""
    known = list(_model(location[:-1]).model_fields)
    close = difflib.get_close_matches(str(location[-1]), known, n=1)
    if close:
        return say(
            "{place} is no setting; {close} is meant, perhaps. There are: {known}.",
            place=place, close=close[0], known=", ".join(known),
        )  # fmt: skip
    return say("{place} is no setting. There are: {known}.", place=place, known=", ".join(known))


def _model(location: Sequence[str | int]) -> type[BaseModel]:
    model: type[BaseModel] = Settings
    for step in location:
        found = model.model_fields[str(step)].annotation
        kinds = [found, *getattr(found, "__args__", ())]
        model = next(k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel))
    return model


def _bounds(location: Sequence[str | int]) -> tuple[int, int]:
    """Return the lowest and highest value that a setting may have."""
    marks = _model(location[:-1]).model_fields[str(location[-1])].metadata
    low = next(mark.ge for mark in marks if hasattr(mark, "ge"))
    return low, next(mark.le for mark in marks if hasattr(mark, "le"))


def _shortened(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _resolved(settings: Settings, folder: Path) -> Settings:
    """Return settings whose files are beside the file of settings."""

    def beside(name: str) -> str:
        return str(folder / Path(name).expanduser()) if name else ""

    database = settings.database if "://" in settings.database else beside(settings.database)
    oidc = settings.oidc
    if oidc is not None:
        secret = beside(oidc.client_secret_file)
        oidc = oidc.model_copy(update={"client_secret_file": secret})
    files = {
        "database": database,
        "certificate": beside(settings.certificate),
        "certificate_key": beside(settings.certificate_key),
        "address": settings.address.rstrip("/"),
        "oidc": oidc,
    }
    return settings.model_copy(update=files)


def _contradictions(settings: Settings) -> Iterator[Sentence]:
    yield from _wrong_addresses(settings)
    yield from _wrong_files(settings)
    if settings.oidc is not None:
        yield from _wrong_oidc(settings, settings.oidc)
        yield from _wrong_people(settings.oidc)


def _wrong_addresses(settings: Settings) -> Iterator[Sentence]:
    address = settings.address
    if address and not _is_address(address):
        template = say(
            "address is {value}; it should be an address without a path, "
            "e.g. https://twin.town.de.",
            value=address,
        )
        yield template
    elif address and settings.mode == "shared" and settings.https != address.startswith("https:"):
        yield say("address is {value}, which contradicts the setting https.", value=address)
    for name in settings.hosts:
        if not (HOST.fullmatch(name) or _is_ip(name)):
            yield say("hosts: {value} is no name of a computer, e.g. twin.town.de.", value=name)
    for name in settings.proxies:
        if not _is_network(name):
            yield say("proxies: {value} is no IP address.", value=name)


def _wrong_files(settings: Settings) -> Iterator[Sentence]:
    for name in ("certificate", "certificate_key"):
        if (file := getattr(settings, name)) and not Path(file).is_file():
            yield say("{place}: there is no file {file}.", place=name, file=file)
    if bool(settings.certificate) != bool(settings.certificate_key):
        yield say("certificate and certificate_key belong together; one is missing.")


def _wrong_oidc(settings: Settings, oidc: Oidc) -> Iterator[Sentence]:
    if settings.mode != "shared":
        yield say('oidc needs mode = "shared"; on a laptop nobody signs in.')
    if not settings.address:
        yield say("oidc needs address, where the sign-in service sends people back to.")
    if not _is_safe_issuer(oidc.issuer):
        yield say("oidc.issuer is {value}; it should be an https address.", value=oidc.issuer)
    if not _content(oidc.client_secret_file):
        yield say(
            "oidc.client_secret_file: {file} cannot be read or is empty.",
            file=oidc.client_secret_file,
        )


def _wrong_people(oidc: Oidc) -> Iterator[Sentence]:
    if not oidc.admins and not oidc.planners:
        yield say("oidc needs admins or planners, or nobody may sign in.")
    for pattern in oidc.admins:
        if not EMAIL.fullmatch(pattern) or "*" in pattern:
            yield say("oidc.admins: {value} is no e-mail address.", value=pattern)
    for pattern in oidc.planners:
        if not EMAIL.fullmatch(pattern.replace("*@", "x@", 1)) or "*" in pattern[1:]:
            yield say(
                "oidc.planners: {value} is neither an e-mail address nor *@town.de.", value=pattern
            )


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port_is_number = parts.port is None or parts.port > 0
    except ValueError:
        return False
    plain = not (parts.path or parts.query or parts.fragment or parts.username)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and plain and port_is_number


def _is_safe_issuer(text: str) -> bool:
    """Take TLS, and what does not leave this machine."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    here = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and here))


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def _content(file: str) -> str:
    try:
        return Path(file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
