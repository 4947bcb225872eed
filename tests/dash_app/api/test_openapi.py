"""The API does what its own description says: asked what it allows, and what it does not."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dash_app.workspace.viewer import PUBLIC, Viewer
from tests.dash_app.api.conftest import PLANNER, content

if TYPE_CHECKING:
    from tests.dash_app.api.conftest import Desk

CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance,
    response_schema_conformance,
]  # fmt: skip
ENDLESS = {"/api/events"}
EXAMPLES = 2
"""Tried with 25 as well; CI has no time for more."""


def known_of(desk: Desk) -> dict[str, Any]:
    """Return parts of addresses that lead to something."""
    answer = desk.client.post("/api/scenarios", json={"content": content()}).json()
    desk.client.patch(f"/api/scenarios/{answer['id']}", json={"public": True})
    return {
        "hash_": desk.full, "other": desk.base, "year": 2030, "indicator": "final_energy",
        "number": 1, "table": "buildings", "scenario_id": answer["id"], "view": "heat_density",
    }  # fmt: skip


GOOD, BAD = GenerationMode.POSITIVE, GenerationMode.NEGATIVE


@pytest.mark.parametrize(
    ("who", "mode"),
    [(PLANNER, GOOD), (PLANNER, BAD), (PUBLIC, GOOD)],
    ids=["planner", "planner, nonsense", "public"],
)
def test_answers_are_as_described(desk: Desk, who: Viewer, mode: GenerationMode) -> None:
    known = known_of(desk)
    desk.viewer = who
    schema = schemathesis.openapi.from_asgi("/openapi.json", desk.app)
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path in ENDLESS:
            continue
        ask(operation, known, mode)
        asked += 1
    assert asked > 25


def ask(operation: Any, known: dict[str, Any], mode: GenerationMode) -> None:
    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(case=operation.as_strategy(generation_mode=mode), leads=st.booleans())
    def once(case: Any, leads: bool) -> None:
        if leads:
            case.path_parameters.update(
                {name: known[name] for name in case.path_parameters if name in known}
            )
        if operation.path == "/api/runs" and isinstance(case.body, dict):
            case.body["wait_s"] = 0
        case.call_and_validate(checks=CHECKS)

    with suppress(Unsatisfiable):  # an address without parameters has nothing to get wrong
        once()


def test_the_description_names_everything(desk: Desk) -> None:
    document = desk.client.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation.get("description"), (method, path)
            ok = [code for code in operation["responses"] if code.startswith("2")]
            assert ok, (method, path)
            for code in ok:
                kinds = operation["responses"][code].get("content", {})
                for kind in kinds.values():
                    assert kind.get("schema") not in (None, {}), (method, path, code)
