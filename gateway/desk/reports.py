"""The HTTP API of reports: the same registers as `vigie report`, for officers and auditors. *Edge*.

One at a time in a process, on a thread that lets calls have their turn after every few records: a report of a long period
takes its time, and no call waits for it.
"""

from __future__ import annotations

import asyncio
import time
from typing import Protocol
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.audit.records import instant
from gateway.audit.reports import REPORTS, FromStore, Report, Scope, report_of
from gateway.audit.reports.rendering import as_csv, as_json
from gateway.desk.people import Kept, person_of
from gateway.errors import Message, Refusal
from gateway.storage import Store
from gateway.web import NO_STORE, answered
from gateway.wire.errors import language_of

MAY_REPORT = ("officer", "auditor", "admin")
PAUSE_S = 0.001
FORMATS = ("json", "csv")


class House(Kept, Protocol):
    """What reports use of the gateway."""

    @property
    def store(self) -> Store: ...


async def list_reports(request: Request) -> Response:
    """`GET /v1/reports`: their names."""
    house: House = request.app.state.house
    await person_of(request, house, MAY_REPORT)
    return answered({"object": "list", "data": [{"id": name, "object": "report"} for name in REPORTS]})


async def get_report(request: Request) -> Response:
    """`GET /v1/reports/{name}?since=…&until=…&system=…&format=json|csv`: a report, in the language asked for."""
    house: House = request.app.state.house
    await person_of(request, house, MAY_REPORT)
    name, query = request.path_params["report"], request.query_params
    form, zone = query.get("format", "json"), ZoneInfo(house.configuration.settings.timezone)
    if form not in FORMATS:
        raise Refusal(
            Message("format\u00a0: json ou csv.", "format: json or csv."),
            code="invalid_request",
            status=400,
            param="format",
        )
    scope = Scope(instant(query.get("since", ""), zone), instant(query.get("until", ""), zone), query.get("system", ""))
    language = language_of(request.headers.get("accept-language", ""))
    async with _one_at_a_time(request):
        report = await asyncio.to_thread(_made, name, house.store, scope)
    if form == "json":
        return answered(as_json(report, language))
    headers = {**NO_STORE, "content-disposition": f'attachment; filename="{name}.csv"'}
    return Response(as_csv(report, language), headers=headers, media_type="text/csv; charset=utf-8")


def _made(name: str, store: Store, scope: Scope) -> Report:
    with store.read() as connection:
        return report_of(name, FromStore(connection, lambda: time.sleep(PAUSE_S)), scope)


def _one_at_a_time(request: Request) -> asyncio.Semaphore:
    """The gateway's own, made when first asked for: it belongs to the running loop."""
    state = request.app.state
    if not hasattr(state, "reporting"):
        state.reporting = asyncio.Semaphore(1)
    semaphore: asyncio.Semaphore = state.reporting
    return semaphore


ROUTES = [
    Route("/v1/reports", list_reports, methods=["GET"]),
    Route("/v1/reports/{report}", get_report, methods=["GET"]),
]
