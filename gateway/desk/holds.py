"""The HTTP API of held actions: what waits, what it is, yes or no. *Edge*.

Supervisors of the system, as the register names them, and administrators; never the requester. Arguments come with
findings masked; `?reveal=true&why=…` shows them as they are, and is recorded before it does.
"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.audit import now_text
from gateway.config import Person
from gateway.desk.people import (
    MAY_DECIDE,
    Kept,
    may_decide,
    not_your_system,
    object_of,
    own_words,
    person_of,
    systems_of,
    text_of,
)
from gateway.desk.showing import display, hold_json, visible
from gateway.errors import Message, Refusal
from gateway.proposals import examine
from gateway.supervision import Action, Held, State
from gateway.supervision.statistics import statistics_of
from gateway.web import answered
from gateway.wire.errors import language_of

MOST_LISTED = 500
LISTED = 100
LONGEST_BODY = 512 * 1024


async def list_holds(request: Request) -> Response:
    """`GET /v1/holds?state=waiting&session=…&limit=…`: those of the systems that this person supervises."""
    house: Kept = request.app.state.house
    person = await person_of(request, house, MAY_DECIDE)
    query = request.query_params
    state = _state_of(query.get("state"))
    limit = min(MOST_LISTED, int(query["limit"])) if query.get("limit", "").isdecimal() else LISTED
    systems = systems_of(person, house.configuration.register)
    session, language = query.get("session", ""), _language(request)

    def read() -> list[dict[str, object]]:
        found = house.holds.list(state=state, systems=systems, session=session, limit=max(1, limit))
        contents = house.holds.contents([one.id for one in found])
        house.holds.was_shown([one.id for one in found if one.state is State.WAITING], person.id)
        return [hold_json(one, contents.get(one.id), language) for one in found]

    return answered({"object": "list", "data": await asyncio.to_thread(read)})


async def get_hold(request: Request) -> Response:
    """`GET /v1/holds/{id}`: one, with what its session did before and what approving will do."""
    house: Kept = request.app.state.house
    person = await person_of(request, house, MAY_DECIDE)
    held = await _for(person, request, house)
    revealed = request.query_params.get("reveal") == "true"
    if revealed:
        await _record_reading(held, person, request.query_params.get("why", ""), house)
    language = _language(request)
    content = await asyncio.to_thread(house.holds.content, held.id)
    if held.state is State.WAITING:
        await asyncio.to_thread(house.holds.was_shown, [held.id], person.id)
    body = hold_json(held, content, language, revealed=revealed)
    body["display"] = display(held, content, language, house.configuration.register.tools, revealed=revealed)
    body["before"] = await asyncio.to_thread(_before, held, house)
    return answered(body)


async def approve_hold(request: Request) -> Response:
    """`POST /v1/holds/{id}/approve` `{action_sha256, comment?, edited_arguments?}`."""
    house: Kept = request.app.state.house
    person = await person_of(request, house, MAY_DECIDE)
    body = await object_of(request, LONGEST_BODY)
    held = await _for(person, request, house)
    comment = text_of(body, "comment") if body.get("comment") else ""
    comment = await own_words(comment, "comment", house)
    edited, edited_masked = body.get("edited_arguments"), None
    if edited is not None:
        examined = await examine(Action.of(held.tool, edited), house.parts.analyser)
        edited_masked = examined.masked
    decided = await asyncio.to_thread(
        house.holds.approve, held.id, person.id, text_of(body, "action_sha256"), comment=comment, edited=edited,
        edited_masked=edited_masked,
    )  # fmt: skip
    return await _decided(decided, request, house)


async def deny_hold(request: Request) -> Response:
    """`POST /v1/holds/{id}/deny` `{reason}`: the reason reaches whoever asked."""
    house: Kept = request.app.state.house
    person = await person_of(request, house, MAY_DECIDE)
    body = await object_of(request)
    held = await _for(person, request, house)
    reason = await own_words(text_of(body, "reason"), "reason", house)
    return await _decided(await asyncio.to_thread(house.holds.deny, held.id, person.id, reason), request, house)


async def hold_statistics(request: Request) -> Response:
    """`GET /v1/holds/statistics?since=…`: how fast, how often too fast to have been read, by whom, how many expired."""
    house: Kept = request.app.state.house
    person = await person_of(request, house, (*MAY_DECIDE, "auditor", "officer"))
    systems = None if {"auditor", "officer"} & set(person.roles) else systems_of(person, house.configuration.register)
    since = request.query_params.get("since", "")
    held = await asyncio.to_thread(house.holds.since, since, systems)
    return answered(statistics_of(held))


async def _for(person: Person, request: Request, house: Kept) -> Held:
    """The hold that the path names, if this person decides on its system's actions. Raises a 403 or 404 refusal."""
    held = await asyncio.to_thread(house.holds.get, request.path_params["hold"])
    if not may_decide(person, house.configuration.register.system(held.system)):
        raise not_your_system()
    return held


async def _decided(held: Held, request: Request, house: Kept) -> Response:
    content = await asyncio.to_thread(house.holds.content, held.id)
    return answered(hold_json(held, content, _language(request)))


async def _record_reading(held: Held, person: Person, why: str, house: Kept) -> None:
    """Who reads what, and why: in the ledger before a byte of it is shown."""
    if not why.strip():
        raise Refusal(
            Message("Il faut dire pourquoi\u00a0: why=….", "Say why: why=…."),
            code="reason_needed",
            status=400,
            param="why",
        )
    record = {
        "kind": "content.read",
        "id": f"{held.id}.read.{house.parts.new_id()[2:]}",
        "time": now_text(),
        "hold": held.id,
        "system": held.system,
        "by": person.id,
        "why": await own_words(why, "why", house),
    }
    await house.ledger.append(record)


def _before(held: Held, house: Kept) -> list[dict[str, str]]:
    """What was held of the same session before, newest first."""
    if not held.subject.session:
        return []
    others = house.holds.list(systems=[held.system], session=held.subject.session, limit=21)
    return [
        {"id": one.id, "tool": visible(one.tool), "state": one.state.value, "created_at": one.created_at}
        for one in others
        if one.id != held.id and one.created_at <= held.created_at
    ][:20]


def _state_of(text: str | None) -> State | None:
    if text is None or text in list(State):
        return State(text) if text is not None else None
    states = ", ".join(State)
    raise Refusal(
        Message(f"state\u00a0: l'un de {states}.", f"state: one of {states}."),
        code="invalid_request",
        status=400,
        param="state",
    )


def _language(request: Request) -> str:
    return language_of(request.headers.get("accept-language", ""))


ROUTES = [
    Route("/v1/holds", list_holds, methods=["GET"]),
    Route("/v1/holds/statistics", hold_statistics, methods=["GET"]),
    Route("/v1/holds/{hold}", get_hold, methods=["GET"]),
    Route("/v1/holds/{hold}/approve", approve_hold, methods=["POST"]),
    Route("/v1/holds/{hold}/deny", deny_hold, methods=["POST"]),
]
