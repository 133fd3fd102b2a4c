"""Refusals and faults in the client's own error shape, in the reader's language. Pure. Stock SDKs never retry a refusal."""

from __future__ import annotations

from typing import Any

import orjson

from gateway.errors import Fault, VigieError
from gateway.wire.sse import encode

TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "invalid_request_error",
    408: "invalid_request_error",
    413: "invalid_request_error",
    415: "invalid_request_error",
    429: "rate_limit_error",
    431: "invalid_request_error",
}
ANTHROPIC_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    413: "request_too_large",
    415: "invalid_request_error",
    429: "rate_limit_error",
    431: "invalid_request_error",
    503: "overloaded_error",
    504: "timeout_error",
}
RETRY_AFTER_S = 1


def language_of(accept_language: str) -> str:
    """ "fr" or "en": the one that `Accept-Language` prefers (RFC 9110, 12.5.4); French when in doubt."""
    weights = {"fr": 0.0, "en": 0.0}
    for item in accept_language.split(","):
        tag, _, parameter = item.strip().partition(";")
        name = tag.strip().lower().partition("-")[0]
        if name in weights:
            try:
                weight = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
            except ValueError:
                weight = 0.0
            weights[name] = max(weights[name], weight)
    return "en" if weights["en"] > weights["fr"] else "fr"


def render(
    error: VigieError, protocol: str, decision: str, language: str, details: dict[str, Any]
) -> tuple[int, dict[str, str], dict[str, Any]]:
    """(status, headers, body). `details`: further keys of the error object (rules, candidates)."""
    headers = {"content-type": "application/json"}
    if not isinstance(error, Fault):
        headers["x-should-retry"] = "false"
    elif error.status in (429, 503):
        headers["retry-after"] = str(RETRY_AFTER_S)
    return error.status, headers, _body(error, protocol, decision, language, details)


def error_event(error: VigieError, protocol: str, decision: str, language: str, details: dict[str, Any]) -> bytes:
    """The event that ends a stream early: stock SDKs raise it."""
    body = _body(error, protocol, decision, language, details)
    if protocol == "responses":  # a client reads `code` and `message` beside the object, and raises because of it
        body = {"type": "error", "code": error.code, "message": body["error"]["message"], "param": error.param, **body}
    prefix = b"" if protocol == "chat" else b"event: error\n"
    return prefix + encode(orjson.dumps(body))


def _body(error: VigieError, protocol: str, decision: str, language: str, details: dict[str, Any]) -> dict[str, Any]:
    message = error.message.in_language(language)
    hint = error.hint.in_language(language) if error.hint is not None else ""
    types = ANTHROPIC_TYPES if protocol == "messages" else TYPES
    inner = {
        "message": f"{message} {hint}".strip(),
        "type": types.get(error.status, "api_error"),
        "code": error.code,
        "param": error.param,
        "decision": decision,
        "hint": hint,
        **details,
    }
    return {"type": "error", "error": inner} if protocol == "messages" else {"error": inner}
