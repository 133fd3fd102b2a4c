"""The HTTP API of halts. *Edge*."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.desk.people import MAY_HALT, MAY_LOOK, Kept, object_of, person_of, text_of
from gateway.supervision import Scope
from gateway.web import answered


async def list_halts(request: Request) -> Response:
    """`GET /v1/halts`: every halt, newest first; `?state=in_force` for those that stop something now."""
    house: Kept = request.app.state.house
    await person_of(request, house, MAY_LOOK)
    wanted = request.query_params.get("state")
    halts = [one.as_json() for one in await asyncio.to_thread(house.halts.list)]
    return answered({"object": "list", "data": [one for one in halts if wanted in (None, one["state"])]})


async def raise_halt(request: Request) -> Response:
    """`POST /v1/halts` `{scope, reason, drill?}`: stop it now. 201 with the halt's id."""
    house: Kept = request.app.state.house
    person = await person_of(request, house, MAY_HALT)
    body = await object_of(request)
    scope = Scope.parse(text_of(body, "scope"))
    drill = body.get("drill", False) is True
    halt = await asyncio.to_thread(house.halts.raise_now, scope, text_of(body, "reason"), person.id, drill=drill)
    await house.halts.poll()
    entry = {"id": halt.id, "object": "halt", "state": "in_force", "scope": str(scope), "drill": halt.drill}
    return answered(entry, 201)


async def lift_halt(request: Request) -> Response:
    """`POST /v1/halts/{id}/lift` `{reason}`: resume. Takes another person than who halted."""
    house: Kept = request.app.state.house
    person = await person_of(request, house, MAY_HALT)
    body = await object_of(request)
    name = request.path_params["halt"]
    entry = await asyncio.to_thread(house.halts.lift_now, name, person.id, text_of(body, "reason"))
    await house.halts.poll()
    return answered(entry.as_json())


ROUTES = [
    Route("/v1/halts", list_halts, methods=["GET"]),
    Route("/v1/halts", raise_halt, methods=["POST"]),
    Route("/v1/halts/{halt}/lift", lift_halt, methods=["POST"]),
]
