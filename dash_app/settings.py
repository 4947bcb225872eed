"""What the operator of a server decides; a laptop needs none of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from pathlib import Path


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Privacy(_Section):
    """Results finer than a Baublock are for people who are signed in, where this allows it."""

    building_level: bool = True  # whether planners may see single buildings
    min_addresses: int = Field(default=5, ge=3, le=100)  # below it the value of an area is withheld
    min_count: int = Field(default=5, ge=3, le=100)  # below it a count of persons is withheld


class Sessions(_Section):
    """How long a browser stays signed in."""

    idle_minutes: int = Field(default=120, ge=1, le=1440)  # without any request
    hours: int = Field(default=12, ge=1, le=720)  # at most, from signing in


class Oidc(_Section):
    """The town's own sign-in service."""

    issuer: str
    client_id: str
    client_secret_file: str  # a file, so that the secret stands in no configuration
    name: str = "OpenID"
    admins: tuple[str, ...] = ()  # e-mail addresses
    planners: tuple[str, ...] = ()  # e-mail addresses or `*@town.de`


class Settings(_Section):
    """
    Settings of `twin serve`; read from a TOML file by `read_settings`.

    `laptop`: one person, no accounts, signed in as planner and admin. `shared`: everybody is
    `public` until signed in.
    """

    mode: Literal["laptop", "shared"] = "laptop"
    database: str = ""  # URL or path; empty: the default of `layers.project_store`
    address: str = ""  # what people type, e.g. https://twin.town.de; needed for `oidc`
    hosts: tuple[str, ...] = ()  # further names under which the page may be asked for
    https: bool = True  # cookies only over TLS, where shared
    certificate: str = ""  # files for TLS, where no proxy in front does it
    certificate_key: str = ""
    proxies: tuple[str, ...] = ()  # IP addresses of proxies in front that do TLS
    privacy: Privacy = Privacy()
    sessions: Sessions = Sessions()
    oidc: Oidc | None = None


def read_settings(path: Path) -> Settings:
    """
    Read the settings of a server from a TOML file.

    Relative paths in it are beside the file.

    Raises
    ------
    SettingsError
        With every fault: where it stands, what is allowed.
    """
    from dash_app.settings_file import read  # noqa: PLC0415 - it imports the models above

    return read(path)
