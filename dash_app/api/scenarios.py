"""Scenarios of the project: list, open, make, edit, undo, versions."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from dash_app.api.asking import Desk, Planner, ScenarioId, Who, Words
from dash_app.api.context import Context
from dash_app.api.problems import ProblemRoute
from dash_app.i18n import Translator
from dash_app.workspace.viewer import Viewer

router = APIRouter(prefix="/scenarios", tags=["scenarios"], route_class=ProblemRoute)
