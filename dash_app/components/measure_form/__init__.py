"""The form that makes or changes a measure; `measure_form` is drawn in the right panel."""

from dash_app.components.measure_form.form import measure_form

__all__ = ["measure_form"]
