"""What every HTTP page of ours shares: who presents which key, and answers that nobody keeps. Starlette's types only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

NO_STORE = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def bearer(request: Request) -> str:
    """The key of `Authorization: Bearer KEY`, or of `x-api-key` where Anthropic's protocol is spoken; or the empty string."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return request.headers.get("x-api-key", "").strip() if speaks_anthropic(request) else ""


def speaks_anthropic(request: Request) -> bool:
    """Whether a request is of Anthropic's protocol: by its path, or for what both protocols have by what its client sends."""
    path: str = request.scope["path"]
    if path == "/v1/models" or path.startswith("/v1/models/"):
        return "anthropic-version" in request.headers
    return path == "/v1/messages" or path.startswith("/v1/messages/")


def answered(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON, never cached."""
    return Response(orjson.dumps(body), status, headers={**NO_STORE, **(headers or {})}, media_type="application/json")
