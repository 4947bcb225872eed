"""What all sources share: how they are configured, what they hand over to, how they are run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Mapping
    from threading import Event

    from layers.sensors.records import Datastream, Delivery, Reading, Refusal
    from twin.sentences import Sentence

State = Literal["starting", "connected", "waiting", "failed", "stopped"]
"""`waiting`: it cannot be reached just now and is tried again; `failed`: somebody must mend it."""


class Section(BaseModel):
    """A part of `sensors.toml`; a key that is not known is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Expected(Section):
    """What is expected of a property or a single stream of a source, beyond what is possible."""

    low: float | None = None
    high: float | None = None
    interval_s: float | None = Field(default=None, gt=0)
    alert_below: float | None = None
    alert_above: float | None = None


class Common(Section):
    """What every source says of itself, whatever it speaks."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")
    licence: str = ""
    attribution: str = ""
    public: bool = True  # whether everybody may see it
    most_streams: int = Field(default=5_000, ge=1, le=1_000_000)  # a flood of topics ends here
    most_bytes: int = Field(default=4_000_000, ge=1_000)  # of one message or page
    expect: dict[str, Expected] = Field(default_factory=dict)  # by property, or key of a stream


@dataclass(frozen=True)
class Checked:
    """What a dry run of a source has found; nothing of it was kept."""

    streams: tuple[Datastream, ...] = ()
    readings: tuple[Reading, ...] = ()
    refused: tuple[Refusal, ...] = ()
    notes: tuple[Sentence, ...] = ()  # what somebody should know: no unit, no location ...
    extra: Mapping[str, Any] = field(default_factory=dict)


class Sink(Protocol):
    """Where a source hands over what it has read; safe to use from any thread."""

    def put(self, delivery: Delivery) -> None:
        """Take a delivery; waits while too much is unsaved, so that the source reads no more."""

    def cursor(self, name: str) -> dict[str, Any] | None:
        """Return where this source goes on under a name, as it was kept last."""

    def state(self, state: State, why: Sentence | None = None) -> None:
        """Tell how the source is."""


class Source(Protocol):
    """
    One configured source.

    It translates at its own door: what comes out is in UTC, in the units of its streams.
    """

    @property
    def name(self) -> str:
        """Name of the source in the configuration."""

    def run(self, sink: Sink, stop: Event) -> None:
        """
        Read until `stop` is set; reconnect as long as it takes.

        Raises
        ------
        SourceError
            Only for what waiting cannot mend: a wrong password, a certificate nobody signed.
        """

    def check(self, seconds: float) -> Checked:
        """
        Read for a moment and keep nothing, not even at the server.

        Raises
        ------
        SourceError
            It cannot be reached or read.
        """
