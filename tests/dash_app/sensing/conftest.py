"""One small town with sensors for all tests that only look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.dash_app.sensing.town import STREAMS, Town, readings, town

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def sensed_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Give the API over a town with sensors of every kind."""
    found = town(tmp_path_factory.mktemp("sensors"), STREAMS, readings())
    yield found
    found.context.engine.close()
    found.store.close()
