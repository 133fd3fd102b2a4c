"""The bare pass-through: what Starlette and aiohttp cost when nothing is governed. `python -m bench.passthrough PORT UPSTREAM`.

Same server, same client library and same settings as the gateway; the body goes through untouched. It is the yardstick
of every ratio, so it must stay as good as such a pass-through can be.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import AsyncIterator

import aiohttp
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route


def application(upstream: int) -> Starlette:
    url = f"http://127.0.0.1:{upstream}/v1/chat/completions"
    sent = {"content-type": "application/json", "authorization": "Bearer stand-in"}

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        connector = aiohttp.TCPConnector(limit=512)
        async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
            app.state.session = session
            yield

    async def completions(request: Request) -> Response:
        response = await request.app.state.session.post(url, data=await request.body(), headers=sent)
        if response.content_type == "text/event-stream":
            return StreamingResponse(response.content.iter_any(), response.status, media_type="text/event-stream")
        async with response:
            return Response(await response.read(), response.status, media_type="application/json")

    return Starlette(routes=[Route("/v1/chat/completions", completions, methods=["POST"])], lifespan=lifespan)


if __name__ == "__main__":
    uvicorn.run(
        application(int(sys.argv[2])),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
    )
