"""The application: which path goes where, and how errors look. *Edge*: HTTP in.

Governed calls have doors of their own (`doors`); everything else goes through Starlette's router. The long-lived parts are
the house's (`house`), opened here for the life of the server.
"""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from gateway import __version__, citizen, desk, ledger_pages, refusals
from gateway.doors import Doors, answer_error, read_body
from gateway.errors import Fault, Message, Refusal, VigieError
from gateway.house import House, open_house
from gateway.identity import Principal
from gateway.mcp import Door
from gateway.openapi import document
from gateway.providers import estimated_tokens
from gateway.telemetry import Traced
from gateway.web import answered, bearer, speaks_anthropic
from gateway.wire import messages
from gateway.wire.calls import Limits
from gateway.wire.errors import language_of


async def models(request: Request) -> Response:
    """`GET /v1/models[/{model}]`: what this key may use, in OpenAI's shape; to Anthropic's client, in its own as well."""
    house: House = request.app.state.house
    principal: Principal | None = await house.keys.look_again(bearer(request))
    system = house.configuration.register.system(principal.system or "") if principal is not None else None
    if system is None:
        raise refusals.unauthenticated()
    known = [name for name in system.models if house.configuration.catalogue.model(name) is not None]
    asked = request.path_params.get("model")
    body = house.configuration.register.body.id
    listed: list[dict[str, Any]] = [{"id": name, "object": "model", "created": 0, "owned_by": body} for name in known]
    page: dict[str, Any] = {"object": "list", "data": listed}
    if speaks_anthropic(request):
        for one in listed:
            one |= {"type": "model", "display_name": one["id"], "created_at": "1970-01-01T00:00:00Z"}
        page |= {"has_more": False, "first_id": known[0] if known else None, "last_id": known[-1] if known else None}
    if asked is None:
        return answered(page)
    for one in listed:
        if one["id"] == asked:
            return answered(one)
    raise refusals.unknown_model(known)


async def count_tokens(request: Request) -> Response:
    """`POST /v1/messages/count_tokens`: an estimate, made here, so nothing leaves and nothing is decided or recorded."""
    house: House = request.app.state.house
    listener = house.configuration.settings.listener
    principal: Principal | None = await house.keys.look_again(bearer(request))
    system = house.configuration.register.system(principal.system or "") if principal is not None else None
    if system is None:
        raise refusals.unauthenticated()
    body = await read_body(request, listener.max_body_bytes)
    call = messages.parse(body, Limits(listener.max_depth, listener.max_texts))
    if call.model not in system.models or house.configuration.catalogue.model(call.model) is None:
        raise refusals.unknown_model(system.models)
    said = [text.value for text in call.texts if text.path[0] != "tools"]
    tools = [orjson.dumps(tool).decode() for tool in call.body.get("tools") or ()]
    return answered({"input_tokens": await estimated_tokens([*said, *tools])})


async def healthz(_: Request) -> Response:
    """The process is alive. Says nothing of its parts: see `/readyz`."""
    return answered({"status": "ok", "version": __version__})


async def readyz(request: Request) -> Response:
    """Whether a call would be answered now: 200 or 503, with the state of each part."""
    house: House = request.app.state.house
    checks = {
        "ledger": house.ledger.problem() or "ok",
        "analyser": "ok" if house.parts.analyser.ready else "not ready",
        "configuration": "ok" if not house.live.problems else "refused; the running version stays",
    }
    ready = checks["ledger"] == "ok" and checks["analyser"] == "ok"
    problems = [str(problem) for problem in house.live.problems]
    body = {
        "status": "ready" if ready else "not ready",
        "checks": checks,
        "configuration": {
            "version": house.configuration.version,
            "policy": house.configuration.policy.version,
            "problems": problems,
            "restart_needed": house.live.restart_needed(),
        },
    }
    return answered(body, 200 if ready else 503)


async def metrics(request: Request) -> Response:
    """Prometheus text."""
    body, content_type = request.app.state.house.telemetry.render_metrics()
    return Response(body, headers={"content-type": content_type})


async def openapi(_: Request) -> Response:
    """The API's own description."""
    return answered(document())


async def on_error(request: Request, error: Exception) -> Response:
    """Every error that reaches Starlette: ours as they are, any other as `internal_error` without a word of it."""
    house: House = request.app.state.house
    language = language_of(request.headers.get("accept-language", ""))
    if not isinstance(error, VigieError):
        house.telemetry.unexpected(error)
        error = Fault(Message("Erreur interne.", "Internal error."), code="internal_error", status=500)
    protocol = "messages" if speaks_anthropic(request) else "chat"
    return answer_error(error, house.parts.new_id(), language, protocol)


async def on_missing(request: Request, _: Exception) -> Response:
    """An unknown path or method, said as OpenAI's clients expect it."""
    error = Refusal(
        Message(
            "Ce chemin n'existe pas ou n'admet pas cette méthode.", "This path does not exist, or not with this method."
        ),
        Message("Voir /openapi.json.", "See /openapi.json."),
        code="not_found",
        status=404,
    )
    return await on_error(request, error)


def create(config: Path | None = None, data: Path | None = None) -> ASGIApp:
    """The application. Without arguments, as a server's factory, it reads `VIGIE_CONFIG` and `VIGIE_DATA`."""
    config = config or Path(os.environ.get("VIGIE_CONFIG", "config"))
    data = data or Path(os.environ.get("VIGIE_DATA", "data"))

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with open_house(config, data) as house:
            app.state.house = house
            traced.count(house.telemetry.meters)
            gc.collect()
            gc.freeze()  # what lives as long as the process is not looked at again: it was a pause of 60 ms
            yield

    handlers: dict[Any, Callable[[Request, Any], Awaitable[Response]]] = {
        404: on_missing,
        405: on_missing,
        VigieError: on_error,
        Exception: on_error,
    }
    routed = Starlette(
        routes=[
            Route("/v1/messages/count_tokens", count_tokens, methods=["POST"]),
            Route("/v1/models", models),
            Route("/v1/models/{model:path}", models),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
            Route("/openapi.json", openapi),
            *ledger_pages.routes(),
            *desk.ROUTES,
            *citizen.ROUTES,
            Route("/mcp/{server}", Door(), methods=["GET", "POST", "DELETE"]),
        ],
        exception_handlers=handlers,
        lifespan=lifespan,
    )
    traced = Traced(Doors(routed))
    return traced
