"""Turn-round figures, as JSON and as CSV."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, BeforeValidator
from starlette.responses import Response
from starlette.routing import Route

from api.auth import actor_of
from api.bodies import Query, read_query
from api.openapi import operation
from api.shapes import Shape, Time
from api.state import ConsultRequest
from consult.access import Action
from consult.clinical.workflow.turn_round import Figure, Measure
from consult.errors import InvalidFields
from consult.figures import turn_round_figures
from consult.models import now

_DAYS = 30
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class FiguresQuery(Query):
    since: AwareDatetime | None = None
    """By default thirty days before `until`."""
    until: AwareDatetime | None = None
    """Itself not included; by default now."""
    service_id: Annotated[UUID | None, BeforeValidator(lambda word: word or None)] = None

    @property
    def period(self) -> tuple[datetime, datetime]:
        """Raises InvalidFields."""
        until = self.until or now()
        since = self.since or until - timedelta(days=_DAYS)
        if since >= until:
            raise InvalidFields({"since": "This must be before until."})
        return since, until


class FigureRead(Shape):
    service: str
    partner: str | None
    """Whose consults they were; null: all of the service's together."""
    measure: Measure
    consults: int
    reached: int
    p50: float | None
    """Seconds after the consult was sent; the nearest rank."""
    p90: float | None
    p99: float | None

    @classmethod
    def of(cls, figure: Figure) -> Self:
        return cls(
            service=figure.service,
            partner=figure.partner,
            measure=figure.measure,
            consults=figure.consults,
            reached=figure.reached,
            p50=_seconds(figure.p50),
            p90=_seconds(figure.p90),
            p99=_seconds(figure.p99),
        )


class Figures(Shape):
    since: Time
    until: Time
    items: list[FigureRead]


@operation(
    "Read how long answers take, by service and partner.",
    action=Action.FIGURES_READ,
    query=FiguresQuery,
    returns=Figures,
    errors=(403, 404, 422),
)
async def get_figures(request: ConsultRequest) -> Response:
    return (await _figures(request)).response()


@operation(
    "Download the same as a table (RFC 4180).",
    action=Action.FIGURES_READ,
    query=FiguresQuery,
    returns="text/csv",
    errors=(403, 404, 422),
)
async def get_figures_csv(request: ConsultRequest) -> Response:
    table = table_of((await _figures(request)).items)
    headers = {"Content-Disposition": 'attachment; filename="figures.csv"'}
    return Response(table, headers=headers, media_type="text/csv; charset=utf-8; header=present")


def table_of(figures: Sequence[FigureRead]) -> str:
    """RFC 4180, with a header; no cell begins as a formula of a spreadsheet does."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\r\n")
    writer.writerow(FigureRead.model_fields)
    writer.writerows(
        [_cell(value) for value in figure.model_dump(mode="json").values()] for figure in figures
    )
    return table.getvalue()


def _cell(value: object) -> object:
    """A spreadsheet takes what a partner calls itself for a formula, unless an apostrophe leads."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value


async def _figures(request: ConsultRequest) -> Figures:
    actor, query = await actor_of(request), read_query(request, FiguresQuery)
    since, until = query.period
    async with request.state["backends"].database.reads() as session:
        figures = await turn_round_figures(
            session, actor, since=since, until=until, service_id=query.service_id
        )
    return Figures(since=since, until=until, items=[FigureRead.of(each) for each in figures])


def _seconds(time: timedelta | None) -> float | None:
    return None if time is None else time.total_seconds()


routes = [
    Route("/api/figures", get_figures, methods=["GET"]),
    Route("/api/figures.csv", get_figures_csv, methods=["GET"]),
]
