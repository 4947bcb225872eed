"""What sensors have measured, value by value, as JSON or CSV; each as the asker may see it."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from dash_app.api.asking import Desk, Who, Words
from dash_app.api.context import Context
from dash_app.api.problems import ProblemRoute
from dash_app.api.sensors import note_of, one_of, read
from dash_app.components.sensors.words import flag_names
from dash_app.export.tables import FORMULA
from dash_app.i18n import Translator
from dash_app.sensing.board import ODD
from dash_app.sensing.listing import Asked, wanted
from dash_app.sensing.moments import EARLIEST, local_text, moment_of
from dash_app.sensing.seen import Seen
from dash_app.workspace.viewer import Viewer
from twin.errors import ModelError

router = APIRouter(tags=["observations"], route_class=ProblemRoute)

STEP_S = {"raw": 300.0, "hour": 3_600.0, "day": 86_400.0}
MOST_READ = 1_000_000
"""Values that one request may lead through at most."""

MOST_ROWS = 100_000
"""Rows of one CSV; what is cut off is told in the header `X-Total-Count`."""

CSV = "text/csv; charset=utf-8"
COLUMNS = (
    "sensor", "name", "property", "unit", "step", "time", "local", "value", "low", "high", "count",
    "withheld", "flags", "licence",
)  # fmt: skip


class Observation(BaseModel):
    """One value of one sensor, or of an hour or a day of it."""

    sensor: int
    name: str
    property: str
    unit: str = Field(description="UCUM")
    step: Literal["raw", "hour", "day"]
    time: datetime = Field(description="UTC; of an interval its begin")
    local: str = Field(description="The same by the clock of the town")
    value: float | None = Field(description="Counts are summed up by hour and day")
    low: float | None
    high: float | None
    count: int | None = Field(description="Values in the hour or day")
    withheld: bool = Field(description="Kept back: too few persons")
    flags: list[str]
    quality: Literal["good", "doubtful", "withheld"]
    licence: str


class Observations(BaseModel):
    """Values of sensors, page by page."""

    total: int
    observations: list[Observation]
    note: str = Field(description="In words")


Time = Annotated[
    str | None, Query(max_length=40, description="ISO 8601; without zone by the town's clock")
]
SENT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Values, the oldest first, sensor by sensor",
        "content": {"text/csv": {"schema": {"type": "string"}}},
    }
}


@router.get("/observations", response_model=Observations, responses=SENT)
def observations(  # noqa: PLR0913 - parameters of the address
    request: Request,
    desk: Desk,
    who: Who,
    t: Words,
    *,
    sensor: Annotated[int | None, Query(ge=1, le=999_999_999, description="Number")] = None,
    property_: Annotated[str, Query(alias="property", max_length=100)] = "",
    since: Time = None,
    until: Time = None,
    step: Literal["raw", "hour", "day"] = "raw",
    limit: Annotated[int, Query(ge=1, le=10_000)] = 100,
    offset: Annotated[int, Query(ge=0, le=100_000_000)] = 0,
    format_: Annotated[Literal["json", "csv"] | None, Query(alias="format")] = None,
) -> Any:
    """
    Return what sensors have measured: the last day where no time is asked for.

    As CSV with `format=csv` or `Accept: text/csv`, then without pages.
    """
    begin, end = span_of(desk, since, until)
    streams = asked_for(t, desk, who, sensor, property_)
    check_size(streams, begin, end, step)
    tables = list(tables_of(desk, who, streams, (begin, end), step))
    total = sum(len(table) for _, table, _ in tables)
    is_csv = format_ == "csv" or (format_ is None and "text/csv" in _accepted(request))
    if is_csv:
        headers = {"X-Total-Count": str(total), "Vary": "Accept",
                   "Content-Disposition": 'attachment; filename="observations.csv"'}  # fmt: skip
        return Response(as_csv(tables), headers=headers, media_type=CSV)
    rows = paged(tables, offset, limit)
    return Observations(
        total=total, observations=[Observation(**row) for row in rows], note=note_of(t, desk, who)
    )


def span_of(desk: Context, since: str | None, until: str | None) -> tuple[datetime, datetime]:
    """Return from when to before when values are asked for."""
    end = read(until, moment_of, "until") if until else desk.sensing.now() + timedelta(seconds=1)
    begin = read(since, moment_of, "since") if since else max(end - timedelta(days=1), EARLIEST)
    return begin, end


def asked_for(
    t: Translator, desk: Context, who: Viewer, sensor: int | None, property_: str
) -> dict[int, Seen]:
    """Return the sensors asked for."""
    if sensor is not None:
        one = one_of(desk, who, sensor)
        return {sensor: one} if not property_ or one.stream.property == property_ else {}
    return wanted(t, desk.sensing.streams(who), Asked(property_))


def check_size(streams: dict[int, Seen], begin: datetime, end: datetime, step: str) -> None:
    """
    Refuse to lead through more than can be read in a moment.

    Raises
    ------
    ModelError
        Too many values for one request.
    """
    spans = (_overlap(one, begin, end) for one in streams.values())
    usual = STEP_S[step]
    count = sum(
        seconds / (one.stream.interval_s or usual if step == "raw" else usual)
        for seconds, one in zip(spans, streams.values(), strict=True)
    )
    if count > MOST_READ:
        template = "These are about {count} values, more than {most} at once."
        hint = "Ask for one sensor, for less time, or for hours or days (step=hour, step=day)."
        raise ModelError(template, hint=hint, count=float(f"{count:.2g}"), most=MOST_READ)


def _overlap(one: Seen, begin: datetime, end: datetime) -> float:
    if one.first is None or one.last is None:
        return 0.0
    return max((min(end, one.last) - max(begin, one.first)).total_seconds(), 0.0)


Told = tuple[Seen, pd.DataFrame, str]


def tables_of(
    desk: Context,
    who: Viewer,
    streams: dict[int, Seen],
    span: tuple[datetime, datetime],
    step: Literal["raw", "hour", "day"],
) -> Iterator[Told]:
    """Give by sensor what it has measured, and in which step it is told."""
    for number, one in streams.items():
        found = desk.sensing.series(who, number, *span, step, most=MOST_READ)
        if found is not None:
            yield one, found.table, found.step


def paged(tables: list[Told], offset: int, limit: int) -> list[dict[str, Any]]:
    """Return the rows of one page."""
    rows: list[dict[str, Any]] = []
    for one, table, step in tables:
        part = table.iloc[max(offset, 0) : max(offset, 0) + limit - len(rows)]
        rows += rows_of(one, part, step)
        offset -= len(table)
        if len(rows) >= limit:
            break
    return rows


def rows_of(one: Seen, table: pd.DataFrame, step: str) -> list[dict[str, Any]]:
    """Return the values of one sensor as rows of the API."""
    stream = one.stream
    same = {"sensor": one.number, "name": stream.name, "property": stream.property,
            "unit": stream.unit, "step": step, "licence": stream.licence}  # fmt: skip
    times = pd.DatetimeIndex(table.index).to_pydatetime()
    columns = (table[name].to_numpy(float) for name in ("value", "low", "high", "n"))
    rows = zip(times, *columns, table["flags"].to_numpy(int), table["withheld"], strict=True)
    return [
        {
            **same, "time": time.astimezone(UTC), "local": local_text(time),
            "value": _finite(value), "low": _finite(low), "high": _finite(high),
            "count": None if np.isnan(n) else int(n), "withheld": bool(away),
            "flags": flag_names(int(flags)), "quality": _quality(int(flags), away=bool(away)),
        }
        for time, value, low, high, n, flags, away in rows
    ]  # fmt: skip


def as_csv(tables: list[Told]) -> str:
    """Return values as CSV; a name that a program would compute is set in quotes."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in paged(tables, 0, MOST_ROWS):
        row["flags"] = " ".join(row["flags"])
        row["time"] = row["time"].isoformat().replace("+00:00", "Z")
        row["withheld"] = "yes" if row["withheld"] else ""
        writer.writerow([_cell(row[name]) for name in COLUMNS])
    return out.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value)
    text = str(value)
    return f"'{text}" if text.lstrip().startswith(FORMULA) or text.startswith(FORMULA) else text


def _accepted(request: Request) -> str:
    return request.headers.get("accept", "").lower()


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _quality(flags: int, *, away: bool) -> str:
    if away:
        return "withheld"
    return "doubtful" if flags & ODD else "good"
