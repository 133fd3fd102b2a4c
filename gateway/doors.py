"""The doors of governed calls: HTTP in, `gateway.call.govern`, the answer out as it comes. *Edge*.

A call's body is read within its bound. A client that leaves cancels its call; one that stalls is cut after a bound.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.datastructures import State
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway import refusals
from gateway.call import Unfinished, govern
from gateway.errors import Message, Refusal, VigieError
from gateway.house import House
from gateway.identity import hash_user
from gateway.parts import Answer, Parts
from gateway.situation import Asked
from gateway.web import NO_STORE, bearer
from gateway.wire.calls import check_form
from gateway.wire.errors import language_of, render

UNWATCHED_S = 0.02


class Calls:
    """`POST /v1/chat/completions`, `/v1/responses`, `/v1/messages`, `/v1/embeddings`: one governed call."""

    def __init__(self, protocol: str, state: State) -> None:
        self.protocol, self._state = protocol, state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        house: House = self._state.house
        request = Request(scope, receive)
        language = language_of(request.headers.get("accept-language", ""))
        try:
            body = await read_body(request, house.configuration.settings.listener.max_body_bytes)
        except VigieError as error:
            await answer_error(error, house.parts.new_id(), language, self.protocol)(scope, receive, send)
            return
        except ClientDisconnect:
            return
        asked = asked_of(request, self.protocol, body, language, house.user_key)
        await unless_client_leaves(respond(asked, house.parts, send), receive)


class Doors:
    """Calls go straight to their endpoint; what is not one goes through Starlette's router and middleware."""

    def __init__(self, routed: Starlette) -> None:
        self._routed = routed
        self._calls = {
            "/v1/chat/completions": Calls("chat", routed.state),
            "/v1/embeddings": Calls("embeddings", routed.state),
            "/v1/messages": Calls("messages", routed.state),
            "/v1/responses": Calls("responses", routed.state),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = self._calls.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        await (call or self._routed)(scope, receive, send)


async def respond(asked: Asked, parts: Parts, send: Send) -> None:
    """Govern the call and send what comes of it."""
    await send_answer(await govern(asked, parts), send)


async def unless_client_leaves(responding: Coroutine[Any, Any, None], receive: Receive) -> None:
    """Respond, or stop responding as soon as the client goes away.

    A plain ASGI endpoint is not told of a disconnect: somebody has to listen on `receive`. Nobody does for the first
    `UNWATCHED_S`, within which most calls that wait for no model are over.
    """
    call, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert call is not None
    left = False
    watching: asyncio.Task[None] | None = None

    async def watch() -> None:
        nonlocal left
        while (await receive())["type"] != "http.disconnect":
            pass
        left = True
        call.cancel()

    def start_watching() -> None:
        nonlocal watching
        watching = asyncio.create_task(watch(), name="vigie-client-leaves")

    timer = loop.call_later(UNWATCHED_S, start_watching)
    try:
        await responding
    except asyncio.CancelledError:
        if not left:
            raise
        call.uncancel()
    finally:
        timer.cancel()
        if watching is not None:
            watching.cancel()


async def send_answer(answer: Answer, send: Send) -> None:
    """Send the answer as it comes. `send` waits for a slow client; the listener cuts one that takes nothing."""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in (answer.headers | NO_STORE).items()]
    if answer.frames is None:
        headers.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})
        return
    try:
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        async for frame in answer.frames:
            await send({"type": "http.response.body", "body": frame, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    except Unfinished:
        return  # the server sees a body that is not complete, and breaks the connection
    finally:
        await answer.frames.aclose()  # type: ignore[attr-defined]


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body, refused as soon as it is known not to be JSON or to be over `limit` bytes."""
    check_form(request.headers.get("content-type", ""), request.headers.get("content-encoding", ""))
    too_large = Refusal(
        Message(f"Le corps de la demande dépasse {limit} octets.", f"The request body is over {limit} bytes."),
        Message("Réduire la demande.", "Make the request smaller."),
        code="too_large",
        status=413,
    )
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > limit:
        raise too_large
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise too_large
        parts.append(part)
    return b"".join(parts)


def asked_of(request: Request, protocol: str, body: bytes, language: str, user_key: bytes) -> Asked:
    """The call's optional headers. The end user is hashed at once, with a key, so that nothing can be guessed back."""
    headers = request.headers
    user = headers.get("x-vigie-user", "")
    return Asked(
        protocol=protocol,
        body=body,
        token=bearer(request),
        user=hash_user(user_key, user) if user else "",
        session=headers.get("x-vigie-session", ""),
        agent=headers.get("x-vigie-agent", ""),
        purpose=headers.get("x-vigie-purpose", ""),
        classification=headers.get("x-vigie-classification", "")[:64],
        dry_run=headers.get("x-vigie-dry-run", "").lower() == "true",
        language=language,
    )


def answer_error(error: VigieError, decision: str, language: str, protocol: str = "chat") -> Response:
    """A refusal or fault outside a governed call, in the protocol's shape."""
    details = error.details(language) if isinstance(error, refusals.Denied) else {}
    status, headers, body = render(error, protocol, decision, language, details)
    return Response(orjson.dumps(body), status, headers={**headers, **NO_STORE, "x-vigie-decision": decision})
