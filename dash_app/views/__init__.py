"""
Views of results on the map: values by row, scales, what measures add.

>>> from dash_app.views import VIEWS
>>> VIEWS["heat_density"].table, VIEWS["heat_density"].unit
('blocks', 'MWh/(ha·a)')
"""

from dash_app.views.catalogue import VIEWS
from dash_app.views.scales import change, encode, order_of, scale_of
from dash_app.views.scene import scene
from dash_app.views.values import label_of, problem_of, values
from dash_app.views.view import TOPICS, View, word_of

__all__ = [
    "TOPICS", "VIEWS", "View", "change", "encode", "label_of", "order_of", "problem_of",
    "scale_of", "scene", "values", "word_of",
]  # fmt: skip
