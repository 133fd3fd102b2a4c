"""What retry, fallback and suspension may do, on the real way of a call: never anything that policy did not admit."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.call import govern
from gateway.config import Catalogue, Configuration, Deployment, load
from gateway.errors import Message
from gateway.parts import Answer, Parts
from gateway.policies import Effect, Remembered, Stage, decide
from gateway.providers import BrokeProtocol, ProviderFault, ProviderRefused, Reply, Request, TimedOut, Unreachable
from gateway.providers.faults import NotReady
from gateway.situation import Asked
from gateway.sovereignty import Breaker, Places, RememberedSuspensions, rank
from gateway.sovereignty.routing import FAILURES
from gateway.telemetry import silent
from gateway.trace import Fragments
from gateway.transparency import Provenance
from tests.playbook import NOW, Script, ScriptedAnalyser, ScriptedHalts, ScriptedKeys, ScriptedLedger

BODY = load(Path(__file__).parents[2] / "config")
WHOLE = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Bonjour."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}

Outcome = Callable[[Request], Reply]


def answers(**changes: Any) -> Outcome:
    """A whole answer, or a stream of one chunk a choice, as the request asks; `changes` are of its JSON."""

    def outcome(request: Request) -> Reply:
        body = {**WHOLE, **changes}
        if not request.stream:
            return Reply(200, {}, orjson.dumps(body))
        delta = {"index": 0, "delta": {"content": "Bonjour."}, "finish_reason": "stop"}
        chunk = {**body, "object": "chat.completion.chunk", "choices": [delta]}
        return Reply(200, {}, None, _frames([orjson.dumps(chunk), b"[DONE]"]))

    return outcome


def says(body: bytes) -> Outcome:
    """Something else: as a whole answer, or as the only event of a stream."""

    def outcome(request: Request) -> Reply:
        return Reply(200, {}, None, _frames([body])) if request.stream else Reply(200, {}, body)

    return outcome


def fails(fault: ProviderFault) -> Outcome:
    def outcome(_request: Request) -> Reply:
        raise fault

    return outcome


async def _frames(events: Sequence[bytes]) -> AsyncIterator[bytes]:
    for event in events:
        yield b"data: " + event + b"\n\n"


@dataclass
class Providers:
    """Each deployment does as told; `asked` has their names in order."""

    outcomes: dict[str, Outcome]
    asked: list[str] = field(default_factory=list)

    async def send(self, deployment: Deployment, request: Request) -> Reply:
        self.asked.append(deployment.id)
        return self.outcomes.get(deployment.id, answers())(request)


@dataclass
class House:
    """The parts of one process, for several calls."""

    configuration: Configuration
    providers: Providers
    script: Script = field(default_factory=Script)
    suspensions: RememberedSuspensions = field(default_factory=RememberedSuspensions)
    breaker: Breaker = field(default_factory=Breaker)
    number: int = 0

    async def ask(self, text: str = "Bonjour.", *, stream: bool = False, model: str = "assistant") -> Answer:
        """One call; of a stream, the frames as `body`."""
        body = {"model": model, "messages": [{"role": "user", "content": text}], "stream": stream}
        answer = await govern(Asked("chat", orjson.dumps(body), "key-of-redaction-interne"), self._parts())
        if answer.frames is None:
            return answer
        return dataclasses.replace(answer, body=b"".join([frame async for frame in answer.frames]), frames=None)

    @property
    def closed(self) -> dict[str, Any]:
        return self.script.records[-1]

    def _parts(self) -> Parts:
        self.number += 1
        number = self.number
        return Parts(
            configuration=lambda: self.configuration,
            keys=ScriptedKeys(self.script),
            halts=ScriptedHalts(self.script),
            running=self.script.running,
            analyser=ScriptedAnalyser(self.script),  # type: ignore[arg-type]
            decisions=Remembered(),
            fragments=Fragments(),
            places=Places(),
            ledger=ScriptedLedger(self.script),
            providers=self.providers,
            breaker=self.breaker,
            telemetry=silent(),
            holds=None,  # type: ignore[arg-type]
            watch=None,  # type: ignore[arg-type]
            keyed_hash=str,
            provenance=Provenance.unkept(bytes(32)),
            join_key=lambda *_: "",
            tokens_used=lambda _system, _day: 0,
            clock=lambda: NOW,
            new_id=lambda: f"d-{number}",
            zone=ZoneInfo("America/Toronto"),
            finish_later=lambda _task: None,
            suspensions=self.suspensions,
        )


def deployment(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": name,
        "provider": {"protocol": "openai", "base_url": "https://ia.exemple.quebec/v1", "model": "m"},
        "operator": {"name": "Exemple", "home": "CA-QC", "public_body": True, "foreign_reach": []},
        "processing": {"country": "CA", "subdivision": "CA-QC", "routing": "regional", "guarantee": "direct-control"},
        "weights": "open",
        "training": "never",
        "retention_days": 0,
        "max_classification": "highly-sensitive",
        "contract": {"ref": "C", "expires": "2099-01-01"},
        "verified": {"on": "2026-11-01", "by": "p.tremblay", "source": "s", "expires": "2099-01-01"},
        **changes,
    }


def body_with(*deployments: dict[str, Any]) -> Configuration:
    """The example body's policies, register and labels, with other deployments of its model."""
    names = [one["id"] for one in deployments]
    models = [{"id": "assistant", "kind": "chat", "deployments": names}]
    catalogue = Catalogue.model_validate({"models": models, "deployments": list(deployments)})
    return dataclasses.replace(BODY, catalogue=catalogue)


# ── a place that contradicts its entry ────────────────────────────────────────────────────────────────────────────

AMERICAN = {**WHOLE["usage"], "inference_geo": "us"}  # type: ignore[dict-item]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_contradiction_suspends_the_deployment_for_the_next_call(stream: bool) -> None:
    house = House(body_with(deployment("a")), Providers({"a": answers(usage=AMERICAN)}))
    answer = await house.ask(stream=stream)
    assert answer.status == 200
    assert house.closed["residency"] == "contradicted"
    refused = await house.ask(stream=stream)
    assert refused.status == 403
    error = orjson.loads(refused.body)["error"]
    assert error["code"] == "sovereignty_denied"
    assert error["candidates"][0]["rules"] == ["residency-contradicted"]
    assert house.providers.asked == ["a"]


async def test_a_new_verification_lifts_a_suspension_and_another_edit_does_not() -> None:
    house = House(body_with(deployment("a")), Providers({"a": answers(usage=AMERICAN)}))
    await house.ask()
    house.providers.outcomes["a"] = answers()
    house.configuration = body_with(deployment("a", retention_days=3))
    assert (await house.ask()).status == 403
    again = {"on": "2026-11-24", "by": "p.tremblay", "source": "Réponse du fournisseur", "expires": "2099-01-01"}
    house.configuration = body_with(deployment("a", verified=again))
    assert (await house.ask()).status == 200


async def test_a_deployment_suspended_by_another_process_meanwhile_is_not_called() -> None:
    """The decision admitted it; the record's epoch then says that something has changed."""

    class Shared(RememberedSuspensions):
        async def refresh(self, _epoch: int, /) -> None:
            await self.suspend(both.catalogue.deployments[0], "d-0")

    both = body_with(deployment("a"), deployment("b"))
    house = House(both, Providers({}), suspensions=Shared())
    assert (await house.ask()).status == 200
    assert house.providers.asked == ["b"]
    assert house.closed["attempts"] == [
        {"deployment": "a", "outcome": "suspended"},
        {"deployment": "b", "outcome": "answered"},
    ]


async def test_when_all_are_suspended_meanwhile_nothing_is_sent() -> None:
    class Shared(RememberedSuspensions):
        def suspended(self, _deployment: Deployment) -> bool:
            return self.refreshed

        async def refresh(self, _epoch: int, /) -> None:
            self.refreshed = True

        refreshed = False

    house = House(body_with(deployment("a")), Providers({}), suspensions=Shared())
    assert (await house.ask()).status == 503
    assert house.providers.asked == []
    assert house.closed["code"] == "no_healthy_deployment"


# ── the breaker sees the whole answer ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "bad",
    [
        says(b"{"),
        says(b'{"error": {"message": "x"}}'),
        fails(Unreachable()),
        fails(TimedOut()),
        fails(ProviderRefused(500)),
        fails(BrokeProtocol(Message("x", "x"))),
    ],
)
async def test_answers_that_are_never_good_open_the_circuit(bad: Outcome, stream: bool) -> None:
    house = House(body_with(deployment("a")), Providers({"a": bad}))
    for _ in range(FAILURES):
        assert b"error" in (await house.ask(stream=stream)).body
    assert len(house.providers.asked) == FAILURES
    assert (await house.ask(stream=stream)).status == 503
    assert len(house.providers.asked) == FAILURES
    assert house.closed["attempts"] == [{"deployment": "a", "outcome": "circuit_open"}]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", [ProviderRefused(400), ProviderRefused(401), ProviderRefused(429)])
async def test_a_refusal_that_says_nothing_of_health_does_not(fault: ProviderFault, stream: bool) -> None:
    house = House(body_with(deployment("a")), Providers({"a": fails(fault)}))
    for _ in range(FAILURES + 2):
        await house.ask(stream=stream)
    assert len(house.providers.asked) == FAILURES + 2


async def test_a_good_answer_now_and_then_keeps_it_closed() -> None:
    house = House(body_with(deployment("a")), Providers({}))
    for _ in range(3):
        house.providers.outcomes["a"] = says(b"{")
        for _ in range(FAILURES - 1):
            await house.ask(stream=True)
        house.providers.outcomes["a"] = answers()
        assert b"[DONE]" in (await house.ask(stream=True)).body


# ── laws, over generated catalogues and failures ──────────────────────────────────────────────────────────────────

FAULTS: dict[str, Callable[[], ProviderFault]] = {
    "unreachable": Unreachable,
    "timed out": TimedOut,
    "429": lambda: ProviderRefused(429),
    "500": lambda: ProviderRefused(500),
    "401": lambda: ProviderRefused(401),
    "400": lambda: ProviderRefused(400),
    "broke": lambda: BrokeProtocol(Message("x", "x")),
    "not ready": lambda: NotReady(Message("x", "x")),
}
PAPER = {"ref": "C", "expires": "2099-01-01"}
PAST = {"ref": "C", "expires": "2020-01-01"}
OPERATORS = [
    {"name": "É", "home": "CA-QC", "public_body": True, "foreign_reach": []},
    {"name": "Q", "home": "CA-QC", "foreign_reach": []},
    {"name": "U", "home": "US", "foreign_reach": ["US-CLOUD-Act"]},
    {"name": "I", "home": "unknown", "foreign_reach": ["unknown"]},
]
VERIFIED = {"on": "2026-11-01", "by": "p.tremblay", "source": "s", "expires": "2099-01-01"}


def mostly(good: Any, *others: Any) -> st.SearchStrategy[Any]:
    """So that several deployments of one catalogue are admitted, and some are not."""
    return st.sampled_from([good] * (5 * len(others)) + list(others))


entries = st.fixed_dictionaries(
    {
        "operator": st.sampled_from(OPERATORS),
        "processing": st.fixed_dictionaries(
            {
                "country": mostly("CA", "US", "unknown"),
                "subdivision": mostly("CA-QC", "CA-ON", None),
                "region": st.sampled_from([None, "canadaeast"]),
                "routing": mostly("regional", "global", "unknown"),
                "guarantee": mostly("contractual", "direct-control", "none"),
            }
        ).map(lambda place: place if place["country"] != "US" else {**place, "subdivision": None}),
        "training": mostly("never", "possible", "unknown"),
        "weights": st.sampled_from(["open", "closed"]),
        "contract": mostly(PAPER, PAST, None),
        "max_classification": mostly("highly-sensitive", "public"),
        "verified": mostly(VERIFIED, {**VERIFIED, "on": "2020-01-01", "expires": "2020-02-01"}, None),
        "enabled": mostly(True, False),
    }
)
outcomes = st.sampled_from(["answers", *FAULTS])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(entries, outcomes), min_size=1, max_size=5),
    st.sampled_from(["Bonjour.", "Je suis Marie Tremblay.", "Mon NAS est 046 454 286."]),
    st.booleans(),
    st.sets(st.integers(0, 4)),
    st.sets(st.integers(0, 4)),
)
def test_nothing_is_sent_but_to_what_policy_admits_in_order_and_once(
    given_: list[tuple[dict[str, Any], str]], text: str, stream: bool, broken: set[int], suspended: set[int]
) -> None:
    configuration = body_with(*(deployment(f"d{at}", **entry) for at, (entry, _) in enumerate(given_)))
    deployments = configuration.catalogue.deployments
    house = House(
        configuration,
        Providers(
            {f"d{at}": fails(FAULTS[how]()) if how in FAULTS else answers() for at, (_, how) in enumerate(given_)}
        ),
    )
    for at in broken:
        for _ in range(FAILURES):
            house.breaker.failed(f"d{at}")
    for at in suspended & set(range(len(deployments))):
        asyncio.run(house.suspensions.suspend(deployments[at], "d-0"))
    answer = asyncio.run(house.ask(text, stream=stream))

    # What the records say was decided, decided again: only what policy admits was asked, best first, each once.
    whole = house.script.records[0]
    facts: dict[str, Any] = {}
    admitted = []
    for stage in whole["stages"]:
        said = {**whole["facts"], **stage["facts"]}
        plain = {name: tuple(value) if isinstance(value, list) else value for name, value in said.items()}
        if stage["stage"] == "routing":
            decision = decide(configuration.policy, Stage.ROUTING, plain)
            name = plain["deployment.id"]
            facts[name] = plain
            if decision.effect not in (Effect.EXCLUDE, Effect.DENY, Effect.HOLD):
                admitted.append((next(one for one in deployments if one.id == name), plain, decision.prefer))
    allowed = [one.id for one in rank(admitted)]
    asked = house.providers.asked
    open_circuit = {f"d{at}" for at in broken}
    expected = [name for name in allowed if name not in open_circuit]
    assert asked == expected[: len(asked)]
    assert not {f"d{at}" for at in suspended} & set(asked)
    for name in asked:
        assert facts[name]["deployment.verified"]
        assert not facts[name]["deployment.traps"]
        if "Marie" in text:
            assert facts[name]["deployment.subdivision"] == "CA-QC"
    # It goes on after a passing fault, and stops at an answer, at a request that is wrong everywhere, or at the end.
    for name in asked[:-1]:
        how = given_[int(name[1:])][1]
        assert how not in ("answers", "400")
    if answer.status == 200:
        assert given_[int(asked[-1][1:])][1] == "answers"
    elif asked and given_[int(asked[-1][1:])][1] != "400":
        assert asked == expected
    # And nothing was sent before its record.
    kinds = [record["kind"] for record in house.script.records]
    assert kinds[0] == "call.opened" if asked else kinds == ["call.closed"] or not expected
