"""The supervisors' desk: the HTTP API of halts. *Edge*.

People present keys of their own (`vigie key create --person`); what they may do follows from their roles in the register.
Errors have the shape of the wire APIs, French first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway import refusals
from gateway.config import Configuration, Person
from gateway.errors import Message, Refusal
from gateway.identity import Keys
from gateway.supervision import Halts, Scope

MAY_HALT = ("supervisor", "officer", "admin")
MAY_LOOK = (*MAY_HALT, "auditor")
MAX_BODY = 64 * 1024
NO_STORE = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


class Kept(Protocol):
    """The parts of the house that the desk works with."""

    keys: Keys
    halts: Halts

    @property
    def configuration(self) -> Configuration: ...


async def person_of(request: Request, house: Kept, roles: Sequence[str]) -> Person:
    """The person whose key this is, if one of `roles` is theirs. Raises a 401 or 403 refusal."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip() if scheme.lower() == "bearer" else ""
    principal = house.keys.authenticate(token) or await house.keys.look_again(token)
    if principal is None or principal.person is None:
        raise refusals.unauthenticated()
    person = next((one for one in house.configuration.register.people if one.id == principal.person), None)
    if person is None or not set(person.roles) & set(roles):
        raise Refusal(
            Message("Votre rôle ne le permet pas.", "Your role does not allow this."),
            Message(f"Rôles admis\u00a0: {', '.join(roles)}.", f"Roles that may: {', '.join(roles)}."),
            code="role_missing",
        )
    return person


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


async def object_of(request: Request) -> dict[str, Any]:
    """The body, a small JSON object."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY:
            raise Refusal(
                Message("Le corps de la demande est trop long.", "The request body is too long."),
                code="too_large",
                status=413,
            )
        parts.append(part)
    try:
        body = orjson.loads(b"".join(parts))
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(
            Message("Le corps doit être un objet JSON.", "The body must be a JSON object."),
            code="invalid_request",
            status=400,
        )
    return body


def text_of(body: dict[str, Any], name: str) -> str:
    """A text of the body. Raises a 400 refusal that names it."""
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Refusal(
            Message(f"{name}\u00a0: il faut un texte.", f"{name}: must be a text."),
            code="invalid_request",
            status=400,
            param=name,
        )
    return value


def answered(body: Any, status: int = 200) -> Response:
    """JSON, never cached."""
    return Response(orjson.dumps(body), status, headers=NO_STORE, media_type="application/json")


ROUTES = [
    Route("/v1/halts", list_halts, methods=["GET"]),
    Route("/v1/halts", raise_halt, methods=["POST"]),
    Route("/v1/halts/{halt}/lift", lift_halt, methods=["POST"]),
]
