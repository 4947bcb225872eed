"""What is known of today's traffic is told apart by all that the adjustment reads."""

import pandas as pd

from twin.simulate import Observed


def test_other_weights_are_another_adjustment():
    counts = pd.DataFrame({"street": ["a", "b"], "vehicles_day": [1000.0, 500.0]})
    plain = Observed(counts=counts).key
    weighed = Observed(counts=counts.assign(weight=[1.0, 2.0])).key
    assert plain == Observed(counts=counts.assign(year=2020)).key
    assert len({plain, weighed, Observed(counts=counts.assign(weight=[2.0, 2.0])).key}) == 3
