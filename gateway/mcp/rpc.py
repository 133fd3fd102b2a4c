"""JSON-RPC as MCP's two revisions write it: what a request is, and what answers it. *Decisions*: pure.

Revision 2026-07-28 is stateless: each request says its version, and headers that repeat the body must agree with it.
Revision 2025-11-25 (and 2025-06-18, which differs in nothing that passes here) begins with `initialize` and names its session.
What neither knows is refused, never passed on; of a request that is, what is passed on is written anew (`Request.params`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mcp_types
import orjson
from mcp.shared import inbound
from mcp_types import methods
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from gateway.errors import Fault, Message, VigieError
from gateway.refusals import Denied
from gateway.wire.calls import Limits, parse_object

REFUSED, FAILED = -32010, -32011
MODERN = MODERN_PROTOCOL_VERSIONS[-1]
HANDSHAKE = ("2025-06-18", "2025-11-25")
LONGEST_ID = 256
OURS = "vigie/"
DECISION, EDITED, CODE = f"{OURS}decision", f"{OURS}edited", f"{OURS}code"
"""What a result's `_meta` says for a program: which decision, whether a person edited the arguments, why it is no result."""

GOVERNED = {
    "tools/call": ("name", "arguments"),
    "resources/list": (),
    "resources/templates/list": (),
    "resources/read": ("uri",),
    "prompts/list": (),
    "prompts/get": ("name", "arguments"),
    "completion/complete": ("ref", "argument", "context"),
}
"""Methods that reach the server, and the parameters that do. Lists are asked for whole, page after page."""
LISTS = {"resources/list": "resources", "resources/templates/list": "resourceTemplates", "prompts/list": "prompts"}
ANSWERED_HERE = frozenset({"server/discover", "initialize", "ping", "tools/list"})

RequestId = str | int


class Rejected(Exception):
    """A request that is not of the protocol: a JSON-RPC error under an HTTP status."""

    def __init__(self, status: int, code: int, message: str, data: Any = None, id: RequestId | None = None) -> None:  # noqa: A002
        super().__init__(message)
        self.status, self.code, self.message, self.data, self.id = status, code, message, data, id


@dataclass(frozen=True, slots=True)
class Request:
    """A request, or a notification when `id` is None. `version`: of the header, "" if there is none."""

    id: RequestId | None
    method: str
    params: Mapping[str, Any]
    version: str

    @property
    def is_modern(self) -> bool:
        """Whether it is stateless."""
        return self.version in MODERN_PROTOCOL_VERSIONS

    @property
    def arguments(self) -> dict[str, Any]:
        """What of its parameters reaches the server."""
        return {name: self.params[name] for name in GOVERNED.get(self.method, ()) if self.params.get(name) is not None}


def parse(headers: Sequence[tuple[str, str]], body: bytes, limits: Limits) -> Request:
    """Raises `Rejected`, or a `Refusal` for what is no JSON object within bounds."""
    duplicated = inbound.find_duplicated_routing_header(headers)
    value = parse_object(body, limits)
    names = dict(headers)
    request_id = _id_of(value)
    method, params, version = value.get("method"), value.get("params"), names.get("mcp-protocol-version", "")
    params = {} if params is None else params
    if value.get("jsonrpc") != "2.0" or not isinstance(method, str) or not isinstance(params, dict):
        raise Rejected(400, mcp_types.INVALID_REQUEST, "the body must be one JSON-RPC request or notification")
    if duplicated is not None:
        raise Rejected(400, mcp_types.HEADER_MISMATCH, f"{duplicated} appears more than once", id=request_id)
    _known_version(version, method, request_id)
    if version in MODERN_PROTOCOL_VERSIONS and request_id is not None:
        verdict = inbound.classify_inbound_request(value, headers=names)
        if isinstance(verdict, inbound.InboundLadderRejection):
            status = inbound.ERROR_CODE_HTTP_STATUS.get(verdict.code, 400)
            raise Rejected(status, verdict.code, verdict.message, verdict.data, id=request_id)
    elif version not in MODERN_PROTOCOL_VERSIONS:
        _agreeing(names, method, params, request_id)
    return Request(request_id, method, params, version)


def checked(request: Request, version: str) -> None:
    """Whether the request is one of its revision, shaped as that says, that is served here. Raises `Rejected`."""
    served = request.method in GOVERNED or request.method in ANSWERED_HERE
    try:
        if not served:
            raise KeyError(request.method)
        methods.validate_client_request(request.method, version, request.params or None)
    except KeyError:
        raise Rejected(404, mcp_types.METHOD_NOT_FOUND, "method not found", id=request.id) from None
    except ValidationError as error:
        where = ".".join(str(step) for step in error.errors(include_input=False, include_url=False)[0]["loc"])
        raise Rejected(400, mcp_types.INVALID_PARAMS, f"invalid parameters: {where}", id=request.id) from None
    if any(request.params.get(name) is not None for name in ("cursor", "inputResponses", "requestState")):
        message = "cursor, inputResponses and requestState: none was handed out"
        raise Rejected(400, mcp_types.INVALID_PARAMS, message, id=request.id)


def check_parameter_headers(request: Request, tool: Mapping[str, Any], headers: Mapping[str, str]) -> None:
    """`Mcp-Param-*` headers agree with the arguments that the tool says they repeat. Raises `Rejected`."""
    if not request.is_modern:
        return
    wrong = inbound.validate_mcp_param_headers(tool.get("inputSchema"), request.params.get("arguments") or {}, headers)
    if wrong is not None:
        raise Rejected(400, wrong.code, wrong.message, id=request.id)


def shaped(method: str, version: str, result: Mapping[str, Any]) -> dict[str, Any]:
    """A result as the client's revision writes it; what that does not know is left out. Raises `ValueError`.

    A list or a resource may be kept by nobody: each time, it is decided whether it may be given.
    """
    whole = {**result, "resultType": "complete", "ttlMs": 0, "cacheScope": "private"}
    whole.pop("nextCursor", None)
    written = methods.serialize_server_result(method, version, whole)
    if "_meta" in result:
        written["_meta"] = result["_meta"]
    return written


# ── answers ───────────────────────────────────────────────────────────────────────────────────────────────────────


def result_of(request_id: RequestId | None, result: Mapping[str, Any]) -> dict[str, Any]:
    """A response."""
    return {"jsonrpc": "2.0", "id": request_id, "result": result}


def error_of(request_id: RequestId | None, code: int, message: str, data: Any = None) -> dict[str, Any]:
    """An error response; `id` is null when the request's could not be read."""
    error = {"code": code, "message": message} | ({"data": data} if data is not None else {})
    return {"jsonrpc": "2.0", "id": request_id, "error": error}


def told(error: VigieError, request_id: RequestId | None, decision: str, language: str) -> dict[str, Any]:
    """A refusal or fault of ours as an error response: the words for a person, and a code for a program."""
    hint = error.hint.in_language(language) if error.hint is not None else ""
    details = error.details(language) if isinstance(error, Denied) else {}
    data = {"code": error.code, "decision": decision, "hint": hint, **details}
    code = FAILED if isinstance(error, Fault) else REFUSED
    return error_of(request_id, code, f"{error.message.in_language(language)} {hint}".strip(), data)


def said_to_model(message: Message, language: str) -> dict[str, Any]:
    """The result of a tool that was not run, or whose answer may not be given: an agent reads it and goes on."""
    return {"content": [{"type": "text", "text": message.in_language(language)}], "isError": True}


def event(body: Mapping[str, Any]) -> bytes:
    """A message as a server-sent event."""
    return b"event: message\ndata: " + orjson.dumps(body) + b"\n\n"


def _id_of(value: Mapping[str, Any]) -> RequestId | None:
    if "id" not in value:
        return None
    found = value["id"]
    good = (isinstance(found, str) and len(found) <= LONGEST_ID) or (
        isinstance(found, int) and not isinstance(found, bool)
    )
    if not good:
        raise Rejected(400, mcp_types.INVALID_REQUEST, "id must be a string or an integer")
    return found  # type: ignore[no-any-return]


def _known_version(version: str, method: str, request_id: RequestId | None) -> None:
    if version in ("", *HANDSHAKE, *MODERN_PROTOCOL_VERSIONS) or method == "initialize":
        return
    data = {"supported": list(MODERN_PROTOCOL_VERSIONS), "requested": version[:64]}
    message = "unsupported protocol version"
    raise Rejected(400, mcp_types.UNSUPPORTED_PROTOCOL_VERSION, message, data, id=request_id)


def _agreeing(headers: Mapping[str, str], method: str, params: Mapping[str, Any], request_id: RequestId | None) -> None:
    """Routing headers are of the newer revision; whoever sends them with the older one means the same by them."""
    name = params.get(inbound.NAME_BEARING_METHODS.get(method, ""))
    said = headers.get("mcp-name")
    if headers.get("mcp-method", method) != method or (said is not None and inbound.decode_header_value(said) != name):
        raise Rejected(
            400, mcp_types.HEADER_MISMATCH, "Mcp-Method and Mcp-Name must agree with the body", id=request_id
        )
