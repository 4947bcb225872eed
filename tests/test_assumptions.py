"""Assumptions say honestly how well they are known."""

from typing import get_args, get_type_hints

import pytest

from twin.assumptions import Assumption, assumptions


def test_each_has_a_known_status_a_source_and_lies_in_its_range():
    allowed = get_args(get_type_hints(Assumption)["status"])
    for entry in assumptions().entries.values():
        assert entry.status in allowed, entry.name
        assert len(entry.source) > 20, entry.name
        assert entry.low <= entry.value <= entry.high, entry.name


def test_what_was_not_read_is_not_called_published_or_derived():
    for entry in assumptions().entries.values():
        if "general knowledge" in entry.source:
            assert entry.status == "unverified", entry.name


def test_a_value_outside_its_range_is_refused():
    with pytest.raises(ValueError, match="'x': 3 is not in 0 to 2"):
        Assumption("x", 3, 0, 2, "m", "own", "made up for this test")
