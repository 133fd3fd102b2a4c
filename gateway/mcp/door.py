"""The HTTP edge of `/mcp/{server}`: streamable HTTP, as revisions 2026-07-28 and 2025-11-25 have it. *Edge*.

An answer that is there within `QUICK_S` is JSON under its own status. One that takes longer (a person decides, or the tool
is slow) is an event stream that is kept alive by comments and ends with the answer. A client that leaves ends its request.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from typing import Any

import mcp_types
import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from gateway import refusals, situation
from gateway.config import Configuration, McpServer, System
from gateway.errors import Fault, Message, Refusal, VigieError
from gateway.identity import Principal, hash_user
from gateway.mcp import rpc
from gateway.mcp.answering import answer
from gateway.mcp.faults import unknown_server
from gateway.mcp.governing import Reply, govern
from gateway.mcp.house import Kept
from gateway.mcp.rpc import Rejected
from gateway.mcp.sessions import Session
from gateway.mcp.visiting import Visit
from gateway.situation import Asked
from gateway.web import NO_STORE, bearer
from gateway.wire.calls import Limits, check_form
from gateway.wire.errors import language_of

QUICK_S = 2.0
COMMENT_EVERY_S = 10.0
HOLD = b": hold\n\n"
EVENTS = {**NO_STORE, "content-type": "text/event-stream", "x-accel-buffering": "no"}
JSON = {**NO_STORE, "content-type": "application/json"}


async def serve(scope: Scope, receive: Receive, send: Send, house: Kept) -> None:
    """One HTTP request, whatever it is."""
    request = Request(scope, receive)
    decision, language = house.parts.new_id(), language_of(request.headers.get("accept-language", ""))
    extra: dict[str, str] = {}
    try:
        check_sender(request, house.configuration)
        principal, system, server = await who(request, house)
        if request.method == "DELETE":
            session = session_of(request, principal, server, house)
            house.servers.close_session(server.id, system.id, session.name)
            await send_whole(send, 204, {**NO_STORE})
            return
        if request.method != "POST":
            await send_whole(send, 405, {**NO_STORE, "allow": "POST, DELETE"})
            return
        check_accept(request)
        visit, given = await visit_of(request, principal, system, server, decision, house)
        if given is not None:
            extra["mcp-session-id"] = given
    except Rejected as error:
        body = rpc.error_of(error.id, error.code, error.message, error.data)
        await send_reply(send, Reply(error.status, body, decision), extra)
        return
    except VigieError as error:
        if error.status == 401:
            extra["www-authenticate"] = "Bearer"
        await send_reply(send, Reply(error.status, rpc.told(error, None, decision, language), decision), extra)
        return
    except ClientDisconnect:
        return
    if visit.request.id is None:
        notified(visit, house)
        await send_whole(send, 202, {**NO_STORE})
        return
    work = govern if visit.request.method in rpc.GOVERNED else answer
    await deliver(work(visit, house), visit, extra, house, receive, send)


# ── who, and what ─────────────────────────────────────────────────────────────────────────────────────────────────


def check_sender(request: Request, configuration: Configuration) -> None:
    """A page in a browser may not reach tools through its user's machine (DNS rebinding). Raises a `Refusal`."""
    origin, host = request.headers.get("origin"), request.headers.get("host", "")
    known = configuration.mcp
    if (origin is not None and origin not in known.origins) or (known.hosts and host not in known.hosts):
        raise Refusal(
            Message("Cette origine n'est pas admise.", "This origin is not admitted."),
            Message("L'ajouter à origins ou hosts de mcp.yaml.", "Add it to origins or hosts of mcp.yaml."),
            code="origin_denied",
        )


def check_accept(request: Request) -> None:
    """The client takes both JSON and event streams, as the protocol asks. Raises `Rejected`, or a `Refusal`."""
    accepted = {one.partition(";")[0].strip().lower() for one in request.headers.get("accept", "*/*").split(",")}
    has_json = accepted & {"*/*", "application/*", "application/json"}
    has_events = accepted & {"*/*", "text/*", "text/event-stream"}
    if not has_json or not has_events:
        message = "Accept must list application/json and text/event-stream"
        raise Rejected(406, mcp_types.INVALID_REQUEST, message)
    if not request.headers.get("content-type", ""):
        raise Rejected(415, mcp_types.INVALID_REQUEST, "Content-Type must be application/json")
    check_form(request.headers["content-type"], request.headers.get("content-encoding", ""))


async def who(request: Request, house: Kept) -> tuple[Principal, System, McpServer]:
    """The application's key, its system, and the server that this system may use. Raises a `Refusal`."""
    token = bearer(request)
    keys, configuration = house.parts.keys, house.configuration
    principal = keys.authenticate(token) or await keys.look_again(token)
    if principal is None or principal.system is None:
        raise refusals.unauthenticated()
    system = configuration.register.system(principal.system)
    if system is None:
        raise refusals.unregistered_system()
    server = configuration.mcp.server(request.path_params["server"])
    if server is None or system.id not in server.systems:
        raise unknown_server()
    return principal, system, server


async def visit_of(
    request: Request, principal: Principal, system: System, server: McpServer, decision: str, house: Kept
) -> tuple[Visit, str | None]:
    """The request, checked; with the id of a session that begins. Raises `Rejected`, or a `Refusal`."""
    configuration = house.configuration
    listener = configuration.settings.listener
    body = await body_of(request, listener.max_body_bytes)
    headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in request.headers.raw]
    message = rpc.parse(headers, body, Limits(listener.max_depth, listener.max_texts))
    given, session = None, None
    if message.method == "initialize":
        session, given = begun(message, principal, server, house)
    elif not message.is_modern:
        session = session_of(request, principal, server, house, message)
    version = message.version if session is None else session.version
    if message.id is not None:
        rpc.checked(message, version)
        offered(message, server)
    asked = asked_of(request, house)
    situation.check_headers(asked)
    visit = Visit(
        decision=decision,
        asked=asked,
        principal=principal,
        system=system,
        server=server,
        configuration=configuration,
        request=message,
        headers=dict(headers),
        version=version,
        session=asked.session or (session.name if session is not None else ""),
        mcp_session=session.name if session is not None else "",
        started=house.parts.clock(),
    )
    return visit, given


def begun(message: rpc.Request, principal: Principal, server: McpServer, house: Kept) -> tuple[Session, str]:
    """A session that begins, in the revision that the client asks for or else the newest that has sessions."""
    asked = message.params.get("protocolVersion")
    version = asked if asked in rpc.HANDSHAKE else rpc.HANDSHAKE[-1]
    now = int(house.parts.clock().timestamp())
    session = Session(str(version), server.id, principal.key, f"mcp-{secrets.token_hex(8)}", now)
    return session, session.id(house.user_key)


def session_of(
    request: Request, principal: Principal, server: McpServer, house: Kept, message: rpc.Request | None = None
) -> Session:
    """The session that the request names. Raises `Rejected`: 400 if it names none, 404 if it is none, or no more."""
    text = request.headers.get("mcp-session-id", "")
    request_id = message.id if message is not None else None
    if not text:
        raise Rejected(400, mcp_types.INVALID_REQUEST, "Mcp-Session-Id is missing: initialize first", id=request_id)
    now = int(house.parts.clock().timestamp())
    session = Session.read(text, house.user_key, server=server.id, key=principal.key, now=now)
    if session is None or house.servers.is_ended(session.name):
        raise Rejected(404, mcp_types.INVALID_REQUEST, "unknown session, or ended: initialize again", id=request_id)
    if message is not None and message.version not in ("", session.version):
        raise Rejected(400, mcp_types.HEADER_MISMATCH, "MCP-Protocol-Version is not the session's", id=request_id)
    return session


def offered(message: rpc.Request, server: McpServer) -> None:
    """The entry may leave resources and prompts out. Raises `Rejected`."""
    room = message.method.partition("/")[0]
    if (room == "resources" and not server.resources) or (room in ("prompts", "completion") and not server.prompts):
        raise Rejected(404, mcp_types.METHOD_NOT_FOUND, "method not found", id=message.id)


def notified(visit: Visit, house: Kept) -> None:
    """A notification. The only one that is acted on: the client of a session cancels a request of that session."""
    request_id = visit.request.params.get("requestId")
    if visit.request.method == "notifications/cancelled" and visit.mcp_session and isinstance(request_id, (str, int)):
        house.servers.cancel(visit.mcp_session, request_id)


async def body_of(request: Request, limit: int) -> bytes:
    """The whole body, refused as soon as it is known to be over `limit` bytes."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise Refusal(
                Message(f"Le corps de la demande dépasse {limit} octets.", f"The request body is over {limit} bytes."),
                code="too_large",
                status=413,
            )
        parts.append(part)
    return b"".join(parts)


def asked_of(request: Request, house: Kept) -> Asked:
    """The optional headers, as on /v1. The end user is hashed at once."""
    headers = request.headers
    user = headers.get("x-vigie-user", "")
    return Asked(
        protocol="mcp",
        body=b"",
        token=bearer(request),
        user=hash_user(house.user_key, user) if user else "",
        session=headers.get("x-vigie-session", ""),
        agent=headers.get("x-vigie-agent", ""),
        purpose=headers.get("x-vigie-purpose", ""),
        classification=headers.get("x-vigie-classification", "")[:64],
        dry_run=headers.get("x-vigie-dry-run", "").lower() == "true",
        language=language_of(headers.get("accept-language", "")),
    )


# ── answering ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def deliver(
    working: Coroutine[Any, Any, Reply],
    visit: Visit,
    extra: Mapping[str, str],
    house: Kept,
    receive: Receive,
    send: Send,
) -> None:
    """Answer quickly, or keep the connection alive until there is an answer, or stop when the client leaves."""
    work = asyncio.create_task(working, name="vigie-mcp")
    leaving = asyncio.create_task(_disconnected(receive), name="vigie-mcp-leaving")
    request_id = visit.request.id
    assert request_id is not None

    def cancel() -> None:
        visit.cancelled = True
        work.cancel()

    try:
        with house.servers.under_way(visit.mcp_session, request_id, cancel):
            await asyncio.wait({work, leaving}, timeout=QUICK_S, return_when=asyncio.FIRST_COMPLETED)
            if not work.done() and not leaving.done():
                await _keep_alive(work, leaving, visit, extra, send)
            elif work.done():
                await send_reply(send, _reply_of(work, visit), extra)
    finally:
        leaving.cancel()
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work


async def _keep_alive(
    work: asyncio.Task[Reply], leaving: asyncio.Task[None], visit: Visit, extra: Mapping[str, str], send: Send
) -> None:
    """An event stream: comments, then the answer. What would have had a status of its own is an error event."""
    headers = {**EVENTS, **extra, "x-vigie-decision": visit.decision}
    await send({"type": "http.response.start", "status": 200, "headers": _raw(headers)})
    while not work.done() and not leaving.done():
        await send({"type": "http.response.body", "body": HOLD, "more_body": True})
        await asyncio.wait({work, leaving}, timeout=COMMENT_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
    if work.done():
        await send({"type": "http.response.body", "body": rpc.event(_reply_of(work, visit).body)})


def _reply_of(work: asyncio.Task[Reply], visit: Visit) -> Reply:
    """What came of it; of a request that its own client cancelled, an error that nobody reads."""
    if not work.cancelled():
        return work.result()
    error = Fault(Message("Demande annulée.", "Request cancelled."), code="cancelled", status=200)
    return Reply(200, rpc.told(error, visit.request.id, visit.decision, visit.asked.language), visit.decision)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def send_reply(send: Send, reply: Reply, extra: Mapping[str, str]) -> None:
    """JSON, under its own status."""
    began = {} if reply.status >= 400 else {name: value for name, value in extra.items() if name == "mcp-session-id"}
    said = {name: value for name, value in extra.items() if name != "mcp-session-id"}
    headers = {**JSON, **began, **said, "x-vigie-decision": reply.decision}
    await send_whole(send, reply.status, headers, orjson.dumps(reply.body))


async def send_whole(send: Send, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
    """An answer that is there whole."""
    sized = {**headers, "content-length": str(len(body))} if status != 204 else headers
    await send({"type": "http.response.start", "status": status, "headers": _raw(sized)})
    await send({"type": "http.response.body", "body": body})


def _raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
