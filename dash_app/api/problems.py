"""Faults as the API tells them: `application/problem+json` (RFC 9457), in German or English."""

import json
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException as StarletteHTTPException

from dash_app.accounts.errors import AccessError
from dash_app.api.conflicts import Conflict, conflict_of
from dash_app.i18n import Translator, preferred_lang, translator
from dash_app.workspace.projects import ArchivedError, OtherCityError
from dash_app.workspace.runs import NotReadyError, UnexpectedError, UnknownRunError
from layers.project_store import ConflictError
from twin.errors import SchemaError, StoreError, TwinError
from twin.scenario import Fault, ScenarioError
from twin.scenario.read import problem_of
from twin.sentences import Problem as Said
from twin.sentences import say

LOG = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPES = "urn:troisdorf-twin:problem:"
MOST_FAULTS = 200
RETRY_S = 2


class NotFoundError(TwinError):
    """What is asked for is not there, or not for whoever asks."""


class NotNowError(TwinError):
    """The server cannot do this at the moment."""


class FaultOut(BaseModel):
    """One thing that is wrong."""

    place: str = Field(description="Where: the way to the field, e.g. `body.measure.factor`")
    text: str
    hint: str = ""


class Problem(BaseModel):
    """What went wrong and what to do about it."""

    type: str = Field(description=f"`{TYPES}` and a word that programs may rely on")
    title: str
    status: int
    detail: str
    faults: list[FaultOut] = []


class ConflictProblem(Problem, Conflict):
    """Somebody else has changed it meanwhile."""


def described(model: type[BaseModel], text: str) -> dict[str, Any]:
    """Return how OpenAPI tells of a problem document, whole in its place."""
    schema = model.model_json_schema()
    parts = schema.pop("$defs", {})

    def whole(part: Any) -> Any:
        if isinstance(part, dict) and "$ref" in part:
            return whole(parts[part["$ref"].rpartition("/")[2]])
        if isinstance(part, dict):
            return {name: whole(value) for name, value in part.items()}
        return [whole(value) for value in part] if isinstance(part, list) else part

    return {"description": text, "content": {MEDIA_TYPE: {"schema": whole(schema)}}}


RESPONSES: dict[int | str, dict[str, Any]] = {"default": described(Problem, "What went wrong")}
CONFLICT: dict[int | str, dict[str, Any]] = {
    409: described(ConflictProblem, "Somebody else has changed it meanwhile")
}


def words_of(request: Request) -> Translator:
    """Return the translator that a request asks for: `?lang=` before `Accept-Language`."""
    wanted = request.query_params.get("lang") or request.headers.get("accept-language")
    return translator(preferred_lang(wanted or "de"))


class ProblemRoute(APIRoute):
    """A route that answers every fault with a problem document, never with a traceback."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, with faults caught."""
        handler = super().get_route_handler()

        async def caught(request: Request) -> Response:
            try:
                return await handler(request)
            except (TwinError, StarletteHTTPException, RequestValidationError) as error:
                return problem_response(request, error)
            except Exception as error:
                LOG.exception("%s %s failed", request.method, request.url.path)
                return problem_response(request, error)

        return caught


def problem_response(request: Request, error: Exception) -> Response:
    """Return the answer to a fault."""
    t = words_of(request)
    status, word = status_of(error)
    document = Problem(
        type=TYPES + word,
        title=_title(t, status),
        status=status,
        detail=_detail(t, error),
        faults=faults_of(t, error)[:MOST_FAULTS],
    )
    headers = {"Content-Language": t.lang, "Cache-Control": "no-store"}
    if status == 503:
        headers["Retry-After"] = str(RETRY_S)
    if isinstance(error, StarletteHTTPException):
        headers |= dict(error.headers or {})
    content = document.model_dump(mode="json")
    if isinstance(error, ConflictError):
        content |= conflict_of(t, error).model_dump(mode="json")
    text = json.dumps(content)
    return Response(text, status, headers, MEDIA_TYPE)


STATUS: Sequence[tuple[type[Exception], int, str]] = (
    (ConflictError, 409, "conflict"),
    (UnknownRunError, 404, "unknown-run"),
    (NotFoundError, 404, "not-found"),
    (ArchivedError, 410, "archived"),
    (OtherCityError, 422, "other-city"),
    (NotReadyError, 503, "not-ready"),
    (NotNowError, 503, "not-now"),
    (UnexpectedError, 500, "unexpected"),
    (RequestValidationError, 422, "invalid-request"),
    (ScenarioError, 422, "invalid-scenario"),
    (TwinError, 422, "not-possible"),
)
"""Status and word of each kind of fault; the first that fits counts."""


def status_of(error: Exception) -> tuple[int, str]:
    """Return the HTTP status of a fault, and the word that programs know it by."""
    if isinstance(error, AccessError):
        return error.status, "not-allowed"
    if isinstance(error, StarletteHTTPException):
        return error.status_code, f"http-{error.status_code}"
    if isinstance(error, StoreError) and isinstance(error.__cause__, SQLAlchemyError):
        return 503, "not-now"  # nothing was saved, but it may be in a moment
    if isinstance(error, StoreError) and "no scenario" in error.template:
        return 404, "not-found"
    return next(
        ((status, word) for kind, status, word in STATUS if isinstance(error, kind)),
        (500, "unexpected"),
    )


def _title(t: Translator, status: int) -> str:
    titles = {
        401: t.text("Not allowed"),
        403: t.text("Not allowed"),
        404: t.text("Not found"),
        405: t.text("Not possible at this address"),
        409: t.text("Changed meanwhile"),
        410: t.text("Deleted"),
        413: t.text("Too large"),
        422: t.text("Not as it should be"),
        429: t.text("Too often"),
        503: t.text("Not ready yet"),
    }
    fallback = t.text("A fault in the program") if status >= 500 else t.text("Not possible")
    return titles.get(status, fallback)


def _detail(t: Translator, error: Exception) -> str:
    if isinstance(error, TwinError):
        bare = TwinError(error.template, hint=error.hint, **error.values)
        return t.error(bare)
    if isinstance(error, RequestValidationError):
        return t.text("The request cannot be read; `faults` says what is wrong.")
    if isinstance(error, StarletteHTTPException):
        known = {
            404: t.text("There is nothing at this address."),
            405: t.text("This address does not take requests of this kind."),
        }
        return known.get(error.status_code, t.text("The request cannot be answered."))
    return t.text("The request could not be answered because of a fault in the program.")


def faults_of(t: Translator, error: Exception) -> list[FaultOut]:
    """Return every single fault in words."""
    if isinstance(error, RequestValidationError):
        return [_of_request(t, fault) for fault in error.errors()]
    if isinstance(error, ScenarioError):
        return [_of_scenario(t, fault) for fault in error.faults]
    if isinstance(error, SchemaError):
        return [FaultOut(place="", text=text) for text in error.faults]
    return []


def _of_scenario(t: Translator, fault: Fault) -> FaultOut:
    parts = [f"measures.{fault.place}" if fault.place else "", fault.field]
    hint = t.sentence(fault.problem.hint) if fault.problem.hint else ""
    place = ".".join(part for part in parts if part)
    return FaultOut(place=place, text=t.sentence(fault.problem.what), hint=hint)


def _of_request(t: Translator, fault: Mapping[str, Any]) -> FaultOut:
    path = list(fault["loc"])
    said = _length(fault) or problem_of({"ctx": {}, "input": None, **fault}, path)
    hint = t.sentence(said.hint) if said.hint else ""
    return FaultOut(place=".".join(map(str, path)), text=t.sentence(said.what), hint=hint)


def _length(fault: Mapping[str, Any]) -> Said | None:
    """Return the words for what pydantic says of requests and scenario files never need."""
    context = fault.get("ctx", {})
    if fault["type"] == "string_too_long":
        most = context["max_length"]
        return Said("length", say("This text is too long."), say("At most {most} characters.",
                    most=most))  # fmt: skip
    if fault["type"] == "string_too_short":
        return Said("length", say("This text is too short."))
    if fault["type"] == "json_invalid":
        return Said("json", say("The request is no JSON."), say("Check brackets and quotes."))
    if fault["type"] == "string_pattern_mismatch":
        return Said("pattern", say("This text has another form than is needed here."))
    if fault["type"] == "extra_forbidden":
        return Said("unknown_field", say("There is no such field here."))
    return None
