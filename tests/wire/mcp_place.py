"""A gateway before real MCP servers of the official SDK, and those who come to it. For test_mcp."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.gateway_process import Gateway, all_records, create_key, example_config

SIN = "130 692 544"
SERVER = Path(__file__).with_name("mcp_server.py")
POLICY = """
policy: actions
rules:
  - id: payments-need-a-person
    principle: 11
    stage: action
    when: action.tool == "issue_payment" && double(action.arguments.amount) > 1000.0
    effect: hold
    hold: {approvals: 1, expires: 10m}
    code: payment_approval
    reason: {fr: Un paiement exige une personne., en: A payment needs a person.}
  - id: short-lived
    principle: 11
    stage: action
    when: action.tool == "short"
    effect: hold
    hold: {approvals: 1, expires: 1s}
    code: short_approval
    reason: {fr: Court., en: Short.}
  - id: no-deletion
    principle: 11
    stage: action
    when: action.tool == "delete_all" && action.server == "outils"
    effect: deny
    code: action_denied
    reason: {fr: Cette action est interdite., en: This action is not allowed.}
  - id: no-sin-abroad
    principle: 12
    stage: action
    when: '"CA_SIN" in action.entities && action.place == "unknown"'
    effect: deny
    code: outside_quebec
    reason: {fr: Aucun NAS ne part on ne sait où., en: No SIN leaves for nobody knows where.}
"""


@dataclass
class Place:
    """A running gateway, the servers behind it, and the keys of those who come to it."""

    gateway: Gateway
    config: Path
    data: Path
    log: Path
    gagnon: str
    roy: str
    other_key: str

    @property
    def seen(self) -> list[dict[str, Any]]:
        """What reached a server."""
        return (
            [json.loads(line) for line in self.log.read_text(encoding="utf8").splitlines()] if self.log.exists() else []
        )

    @property
    def records(self) -> list[dict[str, Any]]:
        return all_records(self.config, self.data)

    @asynccontextmanager
    async def client(self, server: str, mode: str = "auto", **headers: str) -> AsyncIterator[Client]:
        """The official client. It knows nothing of us but a URL and a key."""
        sent = {**self.gateway.authorization, **{name.replace("_", "-"): value for name, value in headers.items()}}
        async with (
            httpx2.AsyncClient(headers=sent, timeout=60) as http,
            Client(streamable_http_client(f"{self.gateway.url}/mcp/{server}", http_client=http), mode=mode) as client,
        ):
            yield client

    async def desk(self, method: str, path: str, body: Any = None, *, key: str = "") -> Any:
        """What a supervisor does."""
        async with httpx2.AsyncClient(headers={"authorization": f"Bearer {key or self.gagnon}"}) as http:
            answer = await http.request(method, self.gateway.url + path, json=body)
            assert answer.status_code < 300, answer.text
            return answer.json()

    async def held(self, session: str) -> dict[str, Any]:
        """The action of this session that waits."""
        for _ in range(500):
            found = (await self.desk("GET", f"/v1/holds?state=waiting&session={session}"))["data"]
            if found:
                return dict(found[0])
            await asyncio.sleep(0.02)
        raise AssertionError("nothing waits")

    async def decide(self, session: str, what: str, **more: Any) -> dict[str, Any]:
        hold = await self.held(session)
        body = {"action_sha256": hold["action_sha256"], **more} if what == "approve" else more
        await self.desk("POST", f"/v1/holds/{hold['id']}/{what}", body)
        return hold

    async def stream(self, server: str, body: Any, session: str) -> list[str]:
        """The lines of an answer that takes long, as they are."""
        routing = {
            "mcp-protocol-version": "2026-07-28",
            "mcp-method": body["method"],
            "mcp-name": body["params"]["name"],
        }
        sent = {**self.gateway.authorization, **routing, "x-vigie-session": session}
        async with httpx2.AsyncClient(headers=sent, timeout=60) as http:
            url = f"{self.gateway.url}/mcp/{server}"
            async with http.stream("POST", url, json=body, headers={"accept": "*/*"}) as answer:
                assert answer.headers["content-type"] == "text/event-stream"
                return [line async for line in answer.aiter_lines() if line]

    async def post(self, server: str, body: Any, **headers: str) -> httpx2.Response:
        """A request that no good client makes."""
        sent = {
            **self.gateway.authorization,
            "accept": "application/json, text/event-stream",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        async with httpx2.AsyncClient() as http:
            return await http.post(f"{self.gateway.url}/mcp/{server}", json=body, headers=sent)


@contextmanager
def running(root: Path) -> Iterator[Place]:
    """The gateway, one server over HTTP that is its neighbour, and one that it runs itself."""
    log = root / "seen.jsonl"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = example_config(root / "config", provider_port=9)
    (config / "policies" / "actions.yaml").write_text(POLICY, encoding="utf8")
    (config / "mcp.yaml").write_text(
        f"""
leave_grace_s: 0.5
servers:
  - id: outils
    url: http://127.0.0.1:{port}/mcp
    systems: [redaction-interne]
    tools: {{deny: ["secret_*"]}}
    timeout_s: 30
    processing: {{country: CA, subdivision: CA-QC, routing: regional, guarantee: direct-control}}
  - id: calculs
    command: {sys.executable}
    args: [{SERVER}, {log}, stdio]
    env: {{SEUL: env:MCP_TEST_ONLY}}
    systems: [redaction-interne]
    connections: 3
  - {{id: absent, url: "http://127.0.0.1:9/mcp", systems: [redaction-interne], timeout_s: 2}}
  - {{id: autres, url: "http://127.0.0.1:{port}/mcp", systems: [permis-assistant]}}
""",
        encoding="utf8",
    )
    os.environ["MCP_TEST_ONLY"] = "valeur"
    server = subprocess.Popen([sys.executable, str(SERVER), str(log), str(port)], stderr=subprocess.DEVNULL)
    try:
        data = root / "data"
        with Gateway.start(config, data) as gateway:
            _await_port(port)
            people = (_key_of(config, data, person) for person in ("s.gagnon", "m.roy"))
            yield Place(gateway, config, data, log, *people, create_key(config, data, "permis-assistant"))
    finally:
        server.kill()
        server.wait()


def _key_of(config: Path, data: Path, person: str) -> str:
    from gateway.cli.places import open_keys

    with open_keys(config, data) as keys:
        return str(keys.create(person=person).token)


def _await_port(port: int) -> None:
    for _ in range(500):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("the MCP server does not listen")


def asking(method: str, version: str = "2026-07-28", **params: Any) -> dict[str, Any]:
    """A request of the stateless revision."""
    names = ("protocolVersion", version), ("clientInfo", {"name": "t", "version": "1"}), ("clientCapabilities", {})
    meta = {f"io.modelcontextprotocol/{name}": value for name, value in names}
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": meta}}
