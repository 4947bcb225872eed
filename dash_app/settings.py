"""What the operator of a server decides; a laptop needs none of it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Privacy(_Section):
    """Results finer than a Baublock are for people who are signed in, where this allows it."""

    building_level: bool = True  # whether planners may see single buildings
    min_addresses: int = Field(5, ge=3, le=100)  # below it the value of an area is withheld


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
    https: bool = True  # cookies only over TLS, where shared
    privacy: Privacy = Privacy()
    oidc: Oidc | None = None
