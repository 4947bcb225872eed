"""What `sensors.toml` says of a table: where it is, how it is written, what stands where."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from layers.sensors.common import Beside, Common, Secret, has_login
from layers.sensors.mapping import Mapping  # noqa: TC001 - read by pydantic
from twin.sentences import WrongValueError, say

SHORTEST_PAUSE_S = 10.0
"""Between two questions to a server of other people."""

Written = Literal["", "csv", "json", "ndjson", "parquet", "xlsx"]


class TableConfig(Common):
    """
    A table: a file, all files of a pattern (`archive/*.csv.gz`), or an address that is asked again.

    In an address `{today}` and `{today-1}` are dates in `zone`. A file that grows is read on from
    where it ended, one that was replaced is read anew. `format` is `columns` (with a `mapping`),
    `sensor_community` or `uba` (which may have `stations`, an answer of `/stations/json`).
    """

    kind: Literal["table"] = "table"
    file: Beside = ""
    url: str = ""
    every_s: float = Field(default=300.0, gt=0, le=31 * 86_400)
    once: bool = False  # read what is there and end
    format: Literal["columns", "sensor_community", "uba"] = "columns"
    mapping: Mapping | None = None
    content: Written = ""  # else told by name and first bytes
    separator: str = Field(default="", max_length=1)
    encoding: str = ""
    skip_lines: int = Field(default=0, ge=0, le=1_000)  # before the names of the columns
    names: tuple[str, ...] = ()  # of the columns, where the file has none
    comment: str = ""  # lines that begin so are left out before the names
    zone: str = "Europe/Berlin"
    stations: Beside = ""
    user: str = ""
    password: Secret | None = None
    token: Secret | None = None
    most_file_bytes: int = Field(default=2_000_000_000, ge=1_000)  # of a file read piece by piece

    @model_validator(mode="after")
    def _is_whole(self) -> TableConfig:
        if bool(self.file) == bool(self.url):
            raise WrongValueError(say("A table needs either file or url, one of both."))
        if (self.format == "columns") == (self.mapping is None):
            what = say("A table needs a mapping, or a format that has one: sensor_community, uba.")
            raise WrongValueError(what)
        if bool(self.user) != (self.password is not None):
            raise WrongValueError(say("user and password belong together; one is missing."))
        return self

    @model_validator(mode="after")
    def _is_polite(self) -> TableConfig:
        if not self.url:
            return self
        if has_login(self.url):
            what = say("A password does not stand in an address.")
            raise WrongValueError(what, say("Use user, and password with file or env."))
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            what = say("{url} is no address that is asked here.", url=self.url)
            raise WrongValueError(what, say("It begins with https:// or http://."))
        if self.every_s < SHORTEST_PAUSE_S:
            what = say("A server is asked at most every {seconds} s.", seconds=SHORTEST_PAUSE_S)
            raise WrongValueError(what, say("Raise every_s."))
        return self
