"""A scenario: a named, ordered list of measures on an untouched baseline."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any, Literal

from pydantic import Field, field_validator

from twin.hashing import hash_parts
from twin.measures import AnyMeasure  # noqa: TC001 - pydantic reads it
from twin.selection import Part
from twin.sentences import WrongValueError, say

FORMAT: Literal[2] = 2
"""Format of the files written; older ones are upgraded step by step."""

STAGES = (2025, 2030, 2035, 2040, 2045)
"""Years of the heat plan (WPG) that a scenario is answered for where it names no others."""


class Baseline(Part):
    """The city a scenario was made for; an empty hash fits any city."""

    hash: str = ""
    name: str = ""


class Scenario(Part):
    """Order matters: within a year each measure meets the city that those before it left."""

    format: Literal[2] = FORMAT
    name: str = ""
    author: str = ""
    note: str = ""
    baseline: Baseline = Baseline()
    stages: tuple[int, ...] = Field(STAGES, min_length=1, max_length=60)
    measures: tuple[AnyMeasure, ...] = ()
    assumptions: dict[str, float] = Field(default_factory=dict)  # overrides by name

    @field_validator("stages", mode="after")
    @classmethod
    def _years_rise(cls, stages: tuple[int, ...]) -> tuple[int, ...]:
        years = tuple(str(year) for year in stages)
        if any(not 1990 <= year <= 2150 for year in stages):
            raise WrongValueError(
                say("The stage years are not all between 1990 and 2150: {years}.", years=years),
            )
        if any(b <= a for a, b in pairwise(stages)):
            raise WrongValueError(
                say("The stage years are not in order: {years}.", years=years),
                say("Name each year once, the earliest first."),
            )
        return stages

    @property
    def hash(self) -> str:
        """
        Hash of what counts: baseline, stages, enabled measures, assumptions.

        Names, author and notes do not count.
        """
        counts: dict[str, Any] = {
            "baseline": self.baseline.hash,
            "stages": self.stages,
            "measures": [
                measure.model_dump(mode="json", exclude={"note", "enabled"})
                for measure in self.measures
                if measure.enabled
            ],
            "assumptions": self.assumptions,
        }
        return hash_parts([json.dumps(counts, sort_keys=True)])


def dump(scenario: Scenario) -> str:
    """Return a scenario as the text of a file: what is not as usual, in readable lines."""
    content = scenario.model_dump(mode="json", exclude_defaults=True)
    measures = [
        {"kind": measure.is_a, **measure.model_dump(mode="json", exclude_defaults=True)}
        for measure in scenario.measures
    ]
    head = {"format": FORMAT, "name": scenario.name}
    content = head | content | {"stages": list(scenario.stages), "measures": measures}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def scenario_schema() -> dict[str, Any]:
    """Return the JSON Schema of scenario files, published as `data/scenario.schema.json`."""
    schema = Scenario.model_json_schema()
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Scenario of the Troisdorf Twin",
    }
    return {**schema, **head}
