"""`GET /v1/events`: what happens to holds and halts, as server-sent events for consoles. *Edge*.

`event: hold` has a hold's id, state and names, never its arguments; `event: halts` the halts in force, at the beginning and
whenever they change. A console lists what waits once connected, and again after it lost the connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from gateway.config import Person
from gateway.desk.people import MAY_LOOK, Kept, may_decide, person_of
from gateway.desk.showing import visible
from gateway.errors import VigieError
from gateway.supervision import Halt, Held
from gateway.web import NO_STORE

LOOK_S = 0.25
ALIVE_S = 10.0


async def events(request: Request) -> Response:
    """The feed, for as long as the person's key and role stay good."""
    house: Kept = request.app.state.house
    person = await person_of(request, house, MAY_LOOK)
    headers = {**NO_STORE, "x-accel-buffering": "no"}
    return StreamingResponse(_feed(request, person, house), headers=headers, media_type="text/event-stream")


async def _feed(request: Request, person: Person, house: Kept) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    said: Sequence[Halt] | None = None
    alive_at = loop.time()
    async with house.watch.watching() as changes:
        while True:
            if house.halts.in_force != said:
                said = house.halts.in_force
                yield _event("halts", [_halt(one) for one in said])
            try:
                async with asyncio.timeout(LOOK_S):
                    held = await changes.get()
            except TimeoutError:
                if loop.time() - alive_at >= ALIVE_S:
                    alive_at = loop.time()
                    try:
                        person = await person_of(request, house, MAY_LOOK)
                    except VigieError:
                        return
                    yield b": \n\n"
                continue
            if held is None:  # too far behind: connecting again starts afresh
                return
            if may_decide(person, house.configuration.register.system(held.system)):
                yield _event("hold", _hold(held), held.change)


def _event(name: str, data: object, number: int | None = None) -> bytes:
    lines = [f"event: {name}"] + ([f"id: {number}"] if number is not None else [])
    return "\n".join(lines).encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"


def _hold(held: Held) -> dict[str, object]:
    return {
        "id": held.id,
        "state": held.state.value,
        "system": held.system,
        "session": held.subject.session,
        "tool": visible(held.tool),
        "rule": held.rule,
        "approvals": len(held.hold.approvers),
        "expires_at": held.hold.expires_at,
    }


def _halt(halt: Halt) -> dict[str, object]:
    return {
        "id": halt.id,
        "scope": str(halt.scope),
        "raised_by": halt.raised_by,
        "raised_at": halt.raised_at,
        "drill": halt.drill,
    }


ROUTES = [Route("/v1/events", events, methods=["GET"])]
