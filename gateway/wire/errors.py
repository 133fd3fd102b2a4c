"""Refusals and faults in OpenAI's error shape, in the reader's language. Pure. Stock SDKs never retry a refusal."""

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
    error: VigieError, decision: str, language: str, details: dict[str, Any]
) -> tuple[int, dict[str, str], dict[str, Any]]:
    """(status, headers, body). `details`: further keys of the error object (rules, candidates)."""
    headers = {"content-type": "application/json"}
    if not isinstance(error, Fault):
        headers["x-should-retry"] = "false"
    elif error.status in (429, 503):
        headers["retry-after"] = str(RETRY_AFTER_S)
    return error.status, headers, {"error": _body(error, decision, language, details)}


def error_event(error: VigieError, decision: str, language: str, details: dict[str, Any]) -> bytes:
    """The event that ends a stream early: stock SDKs raise it."""
    return encode(orjson.dumps({"error": _body(error, decision, language, details)}))


def _body(error: VigieError, decision: str, language: str, details: dict[str, Any]) -> dict[str, Any]:
    message = error.message.in_language(language)
    hint = error.hint.in_language(language) if error.hint is not None else ""
    return {
        "message": f"{message} {hint}".strip(),
        "type": TYPES.get(error.status, "api_error"),
        "code": error.code,
        "param": error.param,
        "decision": decision,
        "hint": hint,
        **details,
    }
