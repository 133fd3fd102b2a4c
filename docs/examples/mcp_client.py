"""Le client MCP officiel, tel quel, devant Vigie. The official MCP client, as it is, before Vigie."""

import asyncio
import os

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

URL = os.environ.get("VIGIE_URL", "http://127.0.0.1:8080") + "/mcp/calculs"
HEADERS = {"authorization": f"Bearer {os.environ['VIGIE_KEY']}", "x-vigie-session": "essai-1"}


async def main():
    """List the tools, and call them."""
    async with (
        httpx2.AsyncClient(headers=HEADERS, timeout=None) as http,  # a held call waits for a person
        Client(streamable_http_client(URL, http_client=http)) as client,
    ):
        print([tool.name for tool in (await client.list_tools()).tools])
        for tool, arguments in (
            ("additionner", {"a": 2, "b": 3}),
            ("chercher_dossier", {"nom": "Ville"}),
            ("payer", {"montant": 5000, "a": "Ville"}),
        ):
            result = await client.call_tool(tool, arguments)
            print(tool, "refusé" if result.is_error else "fait", result.content[0].text, sep=" | ")


asyncio.run(main())
