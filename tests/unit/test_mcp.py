"""The MCP door's decisions, and its two promises with every part real but the ledger, the keys and the halts."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.audit import Receipt
from gateway.config import Configuration, ConfigurationError, load
from gateway.errors import Message, Refusal
from gateway.identity import Principal
from gateway.mcp import Servers
from gateway.mcp.governing import Reply, govern
from gateway.mcp.results import guarded
from gateway.mcp.rpc import Rejected, Request, parse, shaped
from gateway.mcp.sessions import LIFE_S, Session
from gateway.mcp.showing import shown
from gateway.mcp.visiting import Visit
from gateway.policies import Decision, Effect, Facts, Policy, Remembered, Rule, Stage, decide
from gateway.policies.facts import seen_by
from gateway.situation import Asked
from gateway.supervision import Halt, Scope
from gateway.wire.calls import Limits
from tests.playbook import NOW, Script, ScriptedAnalyser, ScriptedLedger, parts_of

ROOT = Path(__file__).parents[2]
SERVER = ROOT / "tests" / "wire" / "mcp_server.py"
SIN = "046 454 286"
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


# ── mcp.yaml ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("line", "column", "said", "servers"),
    [
        (2, 5, "url ou command", "{id: a, systems: [redaction-interne]}"),
        (2, 5, "url ou command", "{id: a, systems: [redaction-interne], url: 'http://h/m', command: x}"),
        (2, 5, "args et env", "{id: a, systems: [redaction-interne], url: 'http://h/m', args: [x]}"),
        (2, 5, "headers va avec url", "{id: a, systems: [redaction-interne], command: x, headers: {x: env:Y}}"),
        (
            2,
            87,
            "référence",
            "{id: a, systems: [redaction-interne], url: 'http://h/m', headers: {authorization: Bearer-x}}",
        ),
        (2, 23, "Système inconnu", "{id: a, systems: [personne], command: x}"),
        (2, 22, "vide", "{id: a, systems: [], command: x}"),
        (2, 10, "déjà un déploiement", "{id: simulateur, systems: [redaction-interne], command: x}"),
        (2, 55, "Clé inconnue", "{id: a, systems: [redaction-interne], command: x, comand: y}"),
        (2, 48, "forme inattendue", "{id: a, systems: [redaction-interne], url: 'ftp://h/m'}"),
    ],
)
def test_a_bad_entry_is_refused_with_its_place_and_no_secret(
    tmp_path: Path, line: int, column: int, said: str, servers: str
) -> None:
    config = Path(shutil.copytree(ROOT / "config", tmp_path / "config"))
    (config / "mcp.yaml").write_text(f"servers:\n  - {servers}\n", encoding="utf8")
    with pytest.raises(ConfigurationError) as refused:
        load(config)
    (problem,) = refused.value.problems
    assert said in problem.message.fr + str(problem.hint)
    assert (problem.file, problem.line, problem.column) == ("mcp.yaml", line, column)
    assert "Bearer-x" not in problem.render()


# ── sessions and requests ─────────────────────────────────────────────────────────────────────────────────────────


@given(at=st.integers(0, 400), bit=st.integers(0, 7))
def test_a_session_id_that_was_changed_in_any_bit_is_no_session(at: int, bit: int) -> None:
    session = Session("2025-11-25", "outils", "k1", "mcp-1", 1_000)
    text = session.id(b"secret")
    there: dict[str, Any] = {"server": "outils", "key": "k1", "now": 1_000}
    assert Session.read(text, b"secret", **there) == session
    changed = bytearray(text.encode())
    changed[at % len(changed)] ^= 1 << bit
    assert Session.read(changed.decode("latin-1"), b"secret", **there) is None
    assert Session.read(text, b"other", **there) is None
    for name, value in (("server", "autres"), ("key", "k2"), ("now", 1_000 + LIFE_S)):
        assert Session.read(text, b"secret", **{**there, name: value}) is None


@given(body=st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
def test_whatever_is_sent_is_a_request_or_an_error_of_the_protocol(body: bytes) -> None:
    try:
        request = parse([("mcp-protocol-version", "2026-07-28")], body, Limits())
    except (Rejected, Refusal):
        return
    assert request.id is None


def test_a_result_is_written_as_the_revision_of_the_client_has_it_and_is_kept_by_nobody() -> None:
    listed = {"tools": [{"name": "a", "inputSchema": {"type": "object"}}], "nextCursor": "x", "ttlMs": 9_000}
    new, old = (shaped("tools/list", version, listed) for version in ("2026-07-28", "2025-11-25"))
    assert (new["ttlMs"], new["cacheScope"], new["resultType"]) == (0, "private", "complete")
    assert set(old) == {"tools"}
    with pytest.raises(ValueError, match="content"):
        shaped("tools/call", "2025-11-25", {"contents": []})


# ── which tools are shown ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_tool_is_hidden_only_if_policy_denies_it_whatever_its_arguments() -> None:
    conditions = {
        "always": 'action.tool == "always"',
        "by-argument": 'action.tool == "sometimes" && action.arguments.amount > 10',
        "unless-said": 'action.tool == "sometimes" && !has(action.arguments.approved)',
        "by-finding": 'size(action.entities) > 0 || action.place == "US"',
    }
    policy = Policy.of(
        Rule(name, "p", 11, Stage.ACTION, when, Effect.DENY, "denied", Message("a", "b"))
        for name, when in conditions.items()
    )
    entry: Any = SimpleNamespace(
        id="s", place="CA-QC", tools=SimpleNamespace(admit=lambda name: not name.startswith("secret_"))
    )
    facts = {fact.name: fact.empty for fact in seen_by(Stage.ACTION)}
    tools = [{"name": name} for name in ("always", "sometimes", "other", "secret_one")]
    assert [one["name"] for one in shown(tools, entry, policy, lambda _: facts, Remembered())] == ["sometimes", "other"]


# ── what a server answers ─────────────────────────────────────────────────────────────────────────────────────────


def masking(facts: Facts) -> Decision:
    rules = [
        Rule("m", "p", 4, Stage.INPUT, '"CA_SIN" in privacy.entities', Effect.MASK, "m", Message("a", "b"), entities=("CA_SIN",)),
        Rule("p", "p", 1, Stage.INPUT, "size(privacy.entities) > 0", Effect.PSEUDONYMIZE, "p", Message("a", "b")),
    ]  # fmt: skip
    whole = {fact.name: fact.empty for fact in seen_by(Stage.INPUT)}
    return decide(Policy.of(rules), Stage.INPUT, {**whole, **facts})


@given(value=st.dictionaries(st.text(), json_values, max_size=4))
async def test_an_answer_without_findings_is_given_as_it_is(value: dict[str, Any]) -> None:
    before = orjson.loads(orjson.dumps(value))
    one = await guarded(value, ScriptedAnalyser(Script()), (), masking)
    assert one.value == before
    assert not one.entities


@given(where=st.sampled_from(["text", "json", "structured", "error", "resource"]), name=st.sampled_from(["a", "nas"]))
async def test_a_masked_value_is_nowhere_in_an_answer_and_a_pseudonymized_one_stays(where: str, name: str) -> None:
    words = f"Marie Tremblay, NAS {SIN}."
    answers: dict[str, dict[str, Any]] = {
        "text": {"content": [{"type": "text", "text": words}, {"type": "image", "data": "aGVsbG8=", "mimeType": "image/png"}]},
        "json": {"content": [{"type": "text", "text": json.dumps({name: json.dumps([words])})}]},
        "structured": {"structuredContent": {name: [{"deep": words}], words: 1}, "content": []},
        "error": {"message": words, "data": {name: words}},
        "resource": {"contents": [{"uri": "a:b", "text": words}, {"uri": "a:c", "blob": "aGVsbG8="}]},
    }  # fmt: skip
    one = await guarded(answers[where], ScriptedAnalyser(Script()), ("PERSON",), masking)
    said = json.dumps(one.value, ensure_ascii=False)
    assert SIN not in said
    assert "Marie Tremblay, NAS ⟦NAS⟧." in said
    assert one.entities["CA_SIN"] == one.entities["PERSON"] > 0
    assert ("aGVsbG8=" in said) == (where in ("text", "resource"))
    assert one.facts["call.media"] == {"text": ("image",), "resource": ("file",)}.get(where, ())


# ── the two promises ──────────────────────────────────────────────────────────────────────────────────────────────


class Watching(ScriptedLedger):
    """Notes what the server had seen when each record became durable."""

    def __init__(self, script: Script, log: Path) -> None:
        super().__init__(script)
        self.log = log
        self.seen_at: dict[str, int] = {}

    async def append(self, record: Mapping[str, Any]) -> Receipt:
        self.seen_at[str(record["kind"])] = seen(self.log)
        return await super().append(record)


def seen(log: Path) -> int:
    return len(log.read_text(encoding="utf8").splitlines()) if log.exists() else 0


OLD = """
import json, sys
def send(**message): print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)
tool = {"name": "look_up", "inputSchema": {"type": "object"}}
for line in sys.stdin:
    asked = json.loads(line)
    if asked.get("method") == "initialize":
        print("Bonjour, ceci n'est pas du JSON", flush=True)
        about = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {"name": "o", "version": "1"}}
        send(id=asked["id"], result=about)
    elif asked.get("method") == "tools/list":
        send(id=asked["id"], result={"tools": [tool], "nextCursor": "2"} if "params" not in asked else {"tools": []})
    elif asked.get("method") == "tools/call":
        name, waiting = asked["params"]["arguments"]["name"], asked["id"]
        if name == "huge":
            send(id=waiting, result={"content": [{"type": "text", "text": "x" * 5000}]})
        elif name == "shapeless":
            send(id=waiting, result={"text": "x"})
        elif name == "silent":
            pass
        else:
            send(id="s1", method="sampling/createMessage", params={"messages": [], "maxTokens": 1})
    elif asked.get("id") == "s1":
        send(id=waiting, result={"content": [{"type": "text", "text": json.dumps(sorted(asked))}], "extra": 1})
    elif "id" in asked:
        send(id=asked["id"], error={"code": -32601, "message": "Method not found"})
"""


class Scene:
    """Calls of one tool, through the real way of a request and a real server in a child process."""

    def __init__(self, configuration: Configuration, log: Path) -> None:
        self.configuration, self.log, self.servers = configuration, log, Servers()

    async def call(self, script: Script, tool: str = "look_up", name: str = "X") -> tuple[Reply, Watching]:
        ledger = Watching(script, self.log)
        parts = parts_of(self.configuration, script, None, [])
        house: Any = SimpleNamespace(
            configuration=self.configuration, servers=self.servers, user_key=b"k" * 32, holds=None, watch=None,
            parts=replace(parts, ledger=ledger),
        )  # fmt: skip
        system, server = (
            self.configuration.register.system("redaction-interne"),
            self.configuration.mcp.server("calculs"),
        )
        assert system is not None
        assert server is not None
        visit = Visit(
            "d-1", Asked("mcp", b"", "key-of-redaction-interne"), Principal("k1", system.id, None, 1), system, server,
            self.configuration, Request(1, "tools/call", {"name": tool, "arguments": {"name": name}}, "2026-07-28"),
            {}, "2026-07-28", "", "", NOW,
        )  # fmt: skip
        return await govern(visit, house), ledger


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    config, log = Path(shutil.copytree(ROOT / "config", tmp_path / "config")), tmp_path / "seen.jsonl"
    os.environ["MCP_TEST_ONLY"] = "valeur"
    entry = {
        "id": "calculs", "command": sys.executable, "args": [str(SERVER), str(log), "stdio"],
        "env": {"SEUL": "env:MCP_TEST_ONLY"}, "systems": ["redaction-interne"],
    }  # fmt: skip
    (config / "mcp.yaml").write_text(json.dumps({"servers": [entry]}), encoding="utf8")
    one = Scene(load(config), log)
    yield one
    await one.servers.aclose()


async def test_a_server_of_an_older_revision_is_spoken_to_in_it_and_its_faults_are_told_apart(tmp_path: Path) -> None:
    config = Path(shutil.copytree(ROOT / "config", tmp_path / "config"))
    entry = {
        "id": "calculs", "command": sys.executable, "args": ["-c", OLD], "systems": ["redaction-interne"],
        "max_result_bytes": 4096, "timeout_s": 2,
    }  # fmt: skip
    (config / "mcp.yaml").write_text(json.dumps({"servers": [entry]}), encoding="utf8")
    scene = Scene(load(config), tmp_path / "none")
    try:
        reply, _ = await scene.call(Script())
        assert reply.body["result"]["content"][0]["text"] == '["error", "id", "jsonrpc"]'  # sampling was refused
        assert "extra" not in reply.body["result"]
        for name, code in (
            ("shapeless", "mcp_server_protocol"), ("silent", "mcp_server_timeout"), ("huge", "mcp_server_unreachable"),
        ):  # fmt: skip
            reply, ledger = await scene.call(Script(), name=name)
            assert reply.body["error"]["data"]["code"] == code
            assert [(one["kind"], one["outcome"]) for one in ledger.script.records] == [
                ("action.asked", "allowed"), ("action.answered", "failed"),
            ]  # fmt: skip
        reply, _ = await scene.call(Script())  # the one that said too much was ended, and another one serves
        assert "result" in reply.body
    finally:
        await scene.servers.aclose()


async def test_nothing_undecided_leaves_and_nothing_unrecorded_arrives(scene: Scene) -> None:
    reply, ledger = await scene.call(Script(), name=SIN)
    assert "result" in reply.body
    assert ledger.seen_at == {"action.asked": 0, "action.answered": 1}
    assert SIN not in json.dumps(ledger.script.records)

    reply, _ = await scene.call(Script(ledger_out="action.asked"))
    assert (reply.status, reply.body["error"]["data"]["code"], seen(scene.log)) == (503, "ledger_unavailable", 1)
    reply, _ = await scene.call(Script(analyser_out=True))
    assert (reply.status, reply.body["error"]["data"]["code"], seen(scene.log)) == (503, "analyser_unavailable", 1)
    halt = Halt("h-1", Scope.parse("tool:look_up"), "Essai", "s.gagnon", "2026-11-24T15:00:00.000Z")
    reply, ledger = await scene.call(Script(halt=halt, halted_when="meanwhile"))
    assert (reply.status, reply.body["error"]["data"]["code"], seen(scene.log)) == (403, "halted", 1)
    assert [one["outcome"] for one in ledger.script.records] == ["allowed", "refused"]
    reply, _ = await scene.call(Script(revoked=True))
    assert (reply.status, seen(scene.log)) == (401, 1)

    reply, ledger = await scene.call(Script(ledger_out="action.answered"))
    assert (reply.status, reply.body["error"]["data"]["code"], seen(scene.log)) == (503, "ledger_unavailable", 2)
    assert "result" not in reply.body
