"""The one kind of error that people are shown: what, where, allowed, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


class TwinError(Exception):
    """
    A fault in input, files or network that somebody can do something about.

    `template` and `hint` are English sentences with `{named}` places; they are the keys of the
    message catalogue, so that the screen can say the same in German.

    >>> print(TwinError("{path} is empty.", hint="Download it again.", path="a.osm.pbf"))
    a.osm.pbf is empty. Download it again.
    """

    def __init__(self, template: str, *, hint: str = "", **values: object) -> None:
        self.template = template
        self.hint = hint
        self.values = values
        super().__init__(template)

    def __str__(self) -> str:
        """Return the English sentence."""
        return " ".join(part.format(**self.values) for part in (self.template, self.hint) if part)


class SourceError(TwinError):
    """A source (file, server) cannot be read."""


class FaultsError(TwinError):
    """Something with several faults; `faults` lists every one, each prints itself in English."""

    def __init__(
        self, template: str, *, faults: Sequence[Any] = (), hint: str = "", **values: object
    ) -> None:
        self.faults: tuple[Any, ...] = tuple(faults)
        super().__init__(template, hint=hint, **values)

    def __str__(self) -> str:
        """Return the English sentence with every fault on its own line."""
        return "\n  - ".join([super().__str__(), *map(str, self.faults)])


class SchemaError(FaultsError):
    """Tables do not follow the city schema."""

    faults: tuple[str, ...]


class StoreError(TwinError):
    """A city folder cannot be written or read."""


class ModelError(TwinError):
    """A model is given what it cannot work with: a missing hour, a negative area."""
