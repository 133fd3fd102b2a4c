"""An MCP server of the official SDK, for tests: `python mcp_server.py LOG (PORT | stdio)`. What reaches it goes to LOG."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.shared.exceptions import MCPError
from pydantic import BaseModel

LOG = Path(sys.argv[1])
SIN = "130 692 544"
server = MCPServer("outils")
calls = iter(range(1, 1_000))


def note(tool: str, **arguments: Any) -> None:
    with LOG.open("a", encoding="utf8") as log:
        log.write(json.dumps({"tool": tool, **arguments}) + "\n")


@server.tool()
def issue_payment(amount: float, to: str) -> str:
    note("issue_payment", amount=amount, to=to)
    return f"{amount} à {to}"


@server.tool()
def look_up(name: str) -> dict[str, Any]:
    note("look_up", name=name)
    return {"fiche": json.dumps({"nom": name, "nas": SIN}), "nas": int(SIN.replace(" ", "")), "libre": f"NAS {SIN}"}


@server.tool()
def look_up_key() -> str:
    return "Le mot de passe est : Xk9$vR2!mQz7"


@server.tool()
def fail(name: str) -> str:
    raise MCPError(-32005, f"le NAS {SIN} de {name} est inconnu", {"nas": SIN})


@server.tool()
async def slow() -> str:
    note("slow")
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        note("slow was cancelled")
        raise
    return "fini"


@server.tool()
def count() -> int:
    return next(calls)


@server.tool()
def environment() -> list[str]:
    return sorted(os.environ)


@server.tool()
def process() -> int:
    return os.getpid()


class Answer(BaseModel):
    code: str


@server.tool()
async def asks_back(ctx: Context[Any]) -> str:
    answer = await ctx.elicit("Votre code ?", Answer)
    note("asks_back was answered")
    return str(answer)


@server.tool()
def delete_all() -> str:
    note("delete_all")
    return "tout"


@server.tool()
def secret_tool() -> str:
    note("secret_tool")
    return "secret"


@server.tool()
def short(mode: str) -> str:
    note("short", mode=mode)
    return mode


@server.resource("dossier://{number}")
def record(number: str) -> str:
    note("resources/read", number=number)
    return f"Dossier {number} : NAS {SIN}"


@server.prompt()
def greet(name: str) -> str:
    return f"Saluer {name}"


if __name__ == "__main__":
    if sys.argv[2] == "stdio":
        server.run("stdio")
    else:
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[2]))
