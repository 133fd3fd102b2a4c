"""What the gateway answers itself: who it is, what the server can do here, and which tools there are. *Edge* by its waits.

Nothing of the client's request goes to the server for these, so they leave no record; the server is asked in our own name.
"""

from __future__ import annotations

from typing import Any

import mcp_types

from gateway.audit import NO_SESSION
from gateway.errors import VigieError
from gateway.mcp import rpc
from gateway.mcp.faults import ServerSaid, broke_protocol
from gateway.mcp.governing import Reply
from gateway.mcp.house import Kept
from gateway.mcp.rpc import Rejected
from gateway.mcp.saying import unexpected
from gateway.mcp.showing import shown
from gateway.mcp.upstream import Connection
from gateway.mcp.visiting import Visit, facts_of
from gateway.policies import Facts
from gateway.situation import session_facts, tool_facts
from gateway.supervision import halted


async def answer(visit: Visit, house: Kept) -> Reply:
    """Never raises but for a cancellation."""
    language = visit.asked.language
    try:
        halt = house.parts.halts.stops(visit.subject())
        if halt is not None:
            raise halted(halt)
        result = await _result(visit, house)
        return Reply(200, rpc.result_of(visit.request.id, result), visit.decision)
    except Rejected as error:
        body = rpc.error_of(visit.request.id, error.code, error.message, error.data)
        return Reply(error.status, body, visit.decision)
    except ServerSaid:
        refusal: VigieError = broke_protocol()
    except VigieError as error:
        refusal = error
    except Exception as error:  # noqa: BLE001 - as in `govern`
        house.parts.telemetry.unexpected(error)
        refusal = unexpected()
    return Reply(refusal.status, rpc.told(refusal, visit.request.id, visit.decision, language), visit.decision)


async def _result(visit: Visit, house: Kept) -> dict[str, Any]:
    method = visit.request.method
    if method == "ping":
        return {}
    async with house.servers.connection(*visit.place) as connection:
        if method == "tools/list":
            return rpc.shaped(method, visit.version, {"tools": await _tools(visit, connection, house)})
        common: dict[str, Any] = {"capabilities": _capabilities(visit, connection)}
        if connection.client.instructions:
            common["instructions"] = connection.client.instructions
        info = connection.client.server_info or mcp_types.Implementation(name=visit.server.id, version="")
        known = info.model_dump(by_alias=True, mode="json", exclude_none=True, include={"name", "title", "version"})
    if method == "initialize":
        return {"protocolVersion": visit.version, "serverInfo": known, **common}
    result = rpc.shaped(method, visit.version, {"supportedVersions": [rpc.MODERN], **common})
    return {**result, "_meta": {mcp_types.SERVER_INFO_META_KEY: known}}


async def _tools(visit: Visit, connection: Connection, house: Kept) -> list[Any]:
    """Those that the entry and policy let be called at all."""
    parts = house.parts
    now = parts.clock()
    used = parts.tokens_used(visit.system.id, now.astimezone(parts.zone).date().isoformat())
    facts = {
        **facts_of(visit, used, now, parts.zone, halted=False),
        **session_facts(NO_SESSION, visit.session, visit.system, now),  # what a session used up hides no tool
    }
    found = (await connection.tools()).values()
    register, system = visit.configuration.register, visit.system

    def facts_with(tool: str) -> Facts:
        return {**facts, **tool_facts(register, system, tool, 0)}

    return shown(found, visit.server, visit.configuration.policy, facts_with, parts.decisions)


def _capabilities(visit: Visit, connection: Connection) -> dict[str, Any]:
    """What of the server's abilities there is here: nothing that would have it speak first."""
    has = connection.client.server_capabilities
    given: dict[str, Any] = {"tools": {}}
    if has.resources is not None and visit.server.resources:
        given["resources"] = {}
    if has.prompts is not None and visit.server.prompts:
        given["prompts"] = {}
    if has.completions is not None and visit.server.prompts:
        given["completions"] = {}
    return given
