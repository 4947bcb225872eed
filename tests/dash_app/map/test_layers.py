from __future__ import annotations

import json

import pydeck

from dash_app.map.layers import deck_json, stack


def test_the_stack_is_declared_with_pydeck_bottom_up():
    names = [layer["@@type"] for layer in deck_json()["layers"]]
    assert names[0] == "TwinGround"
    assert names.index("TwinShadow") < names.index("TwinBuildings") < names.index("TwinTrees")
    assert len({layer.id for layer in stack()}) == len(stack())


def test_nothing_in_it_is_an_expression_to_evaluate():
    assert "@@=" not in json.dumps(deck_json())


def test_an_analyst_adds_a_pydeck_layer_on_top():
    extra = pydeck.Layer(
        "ScatterplotLayer", id="counts", data=[{"at": [7.1, 50.8]}], get_position="at"
    )
    layers = deck_json([extra])["layers"]
    assert layers[-1]["@@type"] == "ScatterplotLayer"
    assert layers[-1]["data"] == [{"at": [7.1, 50.8]}]
