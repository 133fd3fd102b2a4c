"""What a session has used up: what the ledger's records say, on both stores, whoever wrote them; and through gateways."""

from __future__ import annotations

import json
import random
import signal
import threading
import urllib.error
import urllib.request
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.audit import NO_SESSION, Counters, Entry, append_now, read_session, write_entries
from gateway.audit.sessions import LONGEST_TOOL
from gateway.cli.places import open_holds
from gateway.config.reading import Loader
from gateway.errors import Message
from gateway.storage import Store, StoreUnavailable, open_store
from gateway.supervision import Action, Holds, KeptHistory, Proposal, Seal, Subject
from tests.gateway_process import Gateway, all_records, closed_records, create_key, example_config, verify_live

START = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


def some_records(seed: int, count: int) -> list[dict[str, Any]]:
    """Records of all kinds that count, and of some that do not, of a few sessions of two systems."""
    chance = random.Random(seed)
    made = []
    for number in range(count):
        at = START + timedelta(seconds=seed * count + number)
        one: dict[str, Any] = {
            "kind": chance.choice(["call.opened", "call.closed", "action.asked", "halt.raised", "action.held"]),
            "id": f"{seed}.{number}",
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "system": chance.choice(["a", "b"]),
            "session": chance.choice(["", "s1", "s2"]),
            "tool": chance.choice(["", "payer", "lire"]),
        }
        if one["kind"] == "call.closed":
            one["usage"] = {"input_tokens": chance.randrange(9), "output_tokens": 1, "day": "", "cost_billionths": 7}
            one["actions"] = [{"tool": chance.choice(["payer", "x" * 300]), "outcome": "allowed"}]
        made.append(one)
    return made


def counted(records: Sequence[dict[str, Any]], system: str, session: str) -> tuple[int, ...]:
    """The same by hand, from the records: calls, actions, tools, tokens, spend."""
    own = [one for one in records if (one["system"], one["session"]) == (system, session)]
    closed = [one for one in own if one["kind"] == "call.closed"]
    tools = [one["tool"] for one in own if one["kind"] == "action.asked" and one["tool"]]
    tools += [action["tool"][:LONGEST_TOOL] for one in closed for action in one["actions"]]
    tokens = sum(one["usage"]["input_tokens"] + one["usage"]["output_tokens"] for one in closed)
    opened = sum(one["kind"] == "call.opened" for one in own)
    return opened, len(tools), len(set(tools)), tokens, 7 * len(closed)


def test_counters_are_what_the_records_say_whoever_wrote_them(store: Store, database_url: str) -> None:
    several = [some_records(seed, 120) for seed in (1, 2, 3)]

    def write(records: list[dict[str, Any]]) -> None:
        own = open_store(database_url)
        for at in range(0, len(records), 7):
            append_now(own, records[at : at + 7])
        own.close()

    threads = [threading.Thread(target=write, args=(records,)) for records in several]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    together = [one for records in several for one in records]
    for system in ("a", "b"):
        for session in ("s1", "s2"):
            now = read_session(store, system, session)
            assert (now.calls, now.actions, now.distinct_tools, now.tokens, now.spend) == counted(
                together, system, session
            )
            assert now.since in {one["time"] for one in together}
    assert read_session(store, "a", "s3") == NO_SESSION


def test_a_transaction_that_fails_counts_nothing(store: Store) -> None:
    append_now(store, [{"kind": "call.opened", "id": "1", "time": "t", "system": "a", "session": "s"}])
    before = read_session(store, "a", "s")
    again = Entry.of({"kind": "call.opened", "id": "2", "time": "t", "system": "a", "session": "s"})

    def fail() -> None:
        with store.write() as connection:
            write_entries(connection, [again])
            connection.exec_driver_sql("INSERT INTO nowhere VALUES (1)")

    with pytest.raises(StoreUnavailable):
        fail()
    assert read_session(store, "a", "s") == before == Counters(calls=1, since="t")


async def test_only_the_very_action_that_people_let_go_was_approved_before(store: Store) -> None:
    now = datetime.now(UTC)
    clock = [now - timedelta(days=20)]
    holds, history = Holds(store, Seal(b"k" * 32), clock=lambda: clock[0]), KeptHistory(store)
    paid, other = Action.of("payer", {"à": "F-1"}), Action.of("payer", {"à": "F-2"})

    def hold(action: Action, system: str = "a") -> Any:
        subject = Subject(system=system, tool=action.tool)
        values = ("d", "chat", "key:k", subject, action, {}, "p", "r", "c", Message("a", "b"))
        return holds.hold(Proposal(*values))[0]

    def approve(one: Any, **more: Any) -> None:
        holds.approve(one.id, "m.roy", one.current_sha256, **more)

    approve(hold(paid))
    released = hold(paid)
    approve(released)
    holds.release(released.id, paid.sha256)
    holds.deny(hold(paid).id, "m.roy", "non")
    hold(paid)
    approve(hold(paid, "b"))
    approve(hold(paid), edited={"à": "F-2"}, edited_masked={})
    assert await history.approvals("a", paid.sha256, now - timedelta(days=30)) == 2
    assert await history.approvals("a", other.sha256, now - timedelta(days=30)) == 1, "what was approved is the edit"
    assert await history.approvals("a", paid.sha256, now - timedelta(days=10)) == 0
    clock[0] = now
    assert holds.expire_due()
    assert await history.approvals("a", paid.sha256, now - timedelta(days=30)) == 1, "the one that was not used expired"


# ── through real gateways ─────────────────────────────────────────────────────────────────────────────────────────

POLICY = """
policy: limits
rules:
  - id: payments-once
    principle: 11
    stage: action
    when: action.tool == "payer" && action.approved_before == 0
    effect: hold
    hold: {approvals: 1, expires: 10m}
    code: payment_approval
    reason: {fr: Un premier paiement exige un accord., en: A first payment needs a person.}
"""
TOOLS = [
    {"name": "payer", "title": {"fr": "Payer", "en": "Pay"}, "risk": "low", "reversible": True},
    {"name": "lire", "title": {"fr": "Lire", "en": "Read"}, "risk": "low", "reversible": True},
    {"name": "bruler", "title": {"fr": "Brûler", "en": "Burn"}, "risk": "critical", "reversible": False},
    {
        "name": "noter",
        "title": {"fr": "n", "en": "n"},
        "risk": "low",
        "reversible": True,
        "systems": ["permis-assistant"],
    },
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The example body with limits, tools and prices, its assistant simulated."""
    root = tmp_path_factory.mktemp("sessions")
    config = example_config(root / "config", provider_port=9)
    (config / "policies" / "limits.yaml").write_text(POLICY, encoding="utf8")

    def change(name: str, key: str, named: str, **more: Any) -> None:
        value = yaml.load((config / name).read_text(encoding="utf8"), Loader)
        next(one for one in value[key] if one["id"] == named).update(more)
        if name == "register.yaml":
            value["tools"] = TOOLS
        (config / name).write_text(yaml.safe_dump(value, allow_unicode=True), encoding="utf8")

    change("catalogue.yaml", "models", "assistant", deployments=["simulateur"])
    price = {"input_per_million": 2000, "output_per_million": 2000, "currency": "CAD"}
    change("catalogue.yaml", "deployments", "simulateur", price=price)
    change("register.yaml", "systems", "redaction-interne", limits={"steps": 3})
    change("register.yaml", "systems", "permis-assistant", limits={"spend": 0.02})
    return config, root / "data"


def post(gateway: Gateway, path: str, body: Any, session: str = "", key: str = "") -> tuple[int, dict[str, Any]]:
    headers = {"authorization": f"Bearer {key or gateway.key}", "content-type": "application/json"}
    headers |= {"x-vigie-session": session} if session else {}
    request = urllib.request.Request(gateway.url + path, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=40) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_limits_act_in_every_process_and_across_a_death(place: tuple[Path, Path]) -> None:
    chat = {"model": "assistant", "messages": [{"role": "user", "content": "Bonjour"}]}

    def call(gateway: Gateway, session: str, key: str = "") -> tuple[int, str]:
        status, body = post(gateway, "/v1/chat/completions", chat, session, key)
        return status, body.get("error", {}).get("code", "")

    def act(gateway: Gateway, tool: str, arguments: Any, session: str) -> tuple[int, str]:
        status, body = post(gateway, "/v1/actions", {"tool": tool, "arguments": arguments}, session)
        return status, body.get("state") or body["error"]["code"]

    with Gateway.start(*place) as other, Gateway.start(*place) as gateway:
        assert call(gateway, "") == (403, "session_missing")
        assert [call(one, "run-1")[0] for one in (other, gateway, other)] == [200, 200, 200]
        status, refused = post(gateway, "/v1/chat/completions", chat, "run-1")
        assert (status, refused["error"]["code"]) == (403, "session_limit")
        assert "nouvelle session" in refused["error"]["hint"]
        assert call(other, "run-1") == (403, "session_limit")
        assert call(other, "run-2")[0] == 200, "another session is another session"
        other.kill(signal.SIGKILL)
        assert call(gateway, "run-1") == (403, "session_limit")
        assert [act(gateway, "lire", {"n": n}, "run-1") for n in range(4)] == [(200, "approved")] * 3 + [
            (403, "session_limit")
        ]
        assert act(gateway, "bruler", {}, "run-3") == (202, "waiting")
        assert act(gateway, "noter", {}, "run-3") == (200, "approved"), "another system's tool: nobody lists ours"
        permits = create_key(*place, "permis-assistant")
        while call(gateway, "run-4", permits)[0] == 200:
            pass
        assert call(gateway, "run-4", permits) == (403, "session_limit")
        assert post(gateway, "/v1/actions", {"tool": "inconnu", "arguments": {}}, "run-5", permits)[0] == 202
        check_approvals(gateway, place, act)
    served = [one for one in closed_records(*place) if one["outcome"] == "served"]
    costs = [one["usage"] for one in served]
    spent = sum(one["usage"]["cost_billionths"] for one in served if one["session"] == "run-4")
    assert all(
        one["cost_billionths"] == (one["input_tokens"] + one["output_tokens"]) * 2_000_000 and one["currency"] == "CAD"
        for one in costs
    )
    assert spent >= 20_000_000 > spent - costs[-1]["cost_billionths"], "the first call beyond two cents was refused"
    tiers = [
        one for one in all_records(*place) if one["kind"] == "action.held" and one["tool"] in ("bruler", "inconnu")
    ]
    assert [(one["rule"], one["approvals_needed"]) for one in tiers] == [
        ("critical-actions-need-two-people", 2),
        ("unregistered-tools-need-a-person", 1),
    ]
    assert verify_live(*place) == ""


def check_approvals(gateway: Gateway, place: tuple[Path, Path], act: Any) -> None:
    """The same payment goes without asking once a person let it go, and no other does."""
    assert act(gateway, "payer", {"à": "F-1"}, "run-6") == (202, "waiting")
    (held,) = [one for one in all_records(*place) if one["kind"] == "action.held" and one["tool"] == "payer"]
    with open_holds(*place) as (holds, _):
        holds.approve(held["hold"], "s.gagnon", held["sha256"])
    assert act(gateway, "payer", {"à": "F-2"}, "run-7") == (202, "waiting")
    assert act(gateway, "payer", {"à": "F-1"}, "run-7") == (200, "approved")
