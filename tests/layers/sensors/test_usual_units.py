"""Units that are taken without being read are right by the grammar as well."""

import pytest

from layers.sensors.units import USUAL, _parsed, unit_code


@pytest.mark.parametrize("code", sorted(USUAL))
def test_a_usual_unit_is_a_code_of_ucum(code):
    assert _parsed(code) is not None
    assert unit_code(code) == code


def test_what_is_no_code_is_no_usual_unit():
    with pytest.raises(Exception, match="furlong"):
        _parsed("furlong furlong")
