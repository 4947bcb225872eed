"""Example scenarios to start from: files in `data/scenarios`, where the program has them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from twin.scenario import Scenario, ScenarioError, load_scenario

if TYPE_CHECKING:
    from twin.city import City

FOLDER = Path(__file__).parents[2] / "data" / "scenarios"
"""An installed package may come without the folder; then there are no examples."""


@dataclass(frozen=True)
class Template:
    """An example to start from."""

    key: str
    name: str
    note: str


def examples(city: City) -> dict[str, Scenario]:
    """
    Return by key the examples for any town and those for this one.

    A file that cannot be read is left out: it spoils no list.
    """
    found = {}
    for path in sorted(FOLDER.glob("*.json")):
        try:
            scenario = load_scenario(path.read_bytes())
        except (OSError, ScenarioError):
            continue
        made_for = scenario.baseline
        if made_for.hash in {"", city.hash} and made_for.name in {"", city.name}:
            found[path.stem] = scenario
    return found


def template_of(key: str, scenario: Scenario) -> Template:
    """Return an example as lists show it."""
    return Template(key, scenario.name, scenario.note)
