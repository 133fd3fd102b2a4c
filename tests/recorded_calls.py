"""Calls as the gateway records them, without a gateway: the example body's policy, its real decisions, real records."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from gateway import situation
from gateway.audit import NO_SESSION
from gateway.config import Configuration, System
from gateway.policies import Facts, Remembered, Stage
from gateway.situation import Asked
from gateway.sovereignty import Places
from gateway.trace import Fragments, Trace
from gateway.wire import chat
from gateway.wire.calls import Limits

FOUND = [(), (), (), ("PERSON",), ("PERSON", "EMAIL_ADDRESS"), ("CA_SIN", "PERSON"), ("PHONE_NUMBER",)]
START = datetime(2026, 11, 1, 5, tzinfo=UTC)


class Calls:
    """Calls as the gateway records them, one after the other, spread over `days`. Deterministic."""

    def __init__(
        self,
        configuration: Configuration,
        count: int,
        days: int = 30,
        seed: int = 1,
        first: int = 0,
        start: datetime = START,
    ) -> None:
        self._configuration, self._chance = configuration, random.Random(seed)
        self._zone = ZoneInfo(configuration.settings.timezone)
        self._step = timedelta(days=days) / max(1, count)
        self._now = start
        self._remembered, self._fragments, self._places = Remembered(), Fragments(), Places()
        self._made = first
        self._used: dict[tuple[str, str], int] = {}
        self._bodies = {
            (model, stream): chat.parse(
                orjson.dumps({"model": model, "stream": stream, "messages": [{"role": "user", "content": "Bonjour"}]}),
                Limits(64, 1000),
            )
            for model in [one.id for one in configuration.catalogue.models if one.kind == "chat"]
            for stream in (False, True)
        }

    def records(self, calls: int) -> Iterator[dict[str, Any]]:
        """`call.opened` and `call.closed` of each; a refused one has but the latter."""
        for number in range(self._made, self._made + calls):
            self._made += 1
            self._now += self._step
            system = self._chance.choice(self._configuration.register.systems)
            yield from self._call(f"d-{number:012x}{self._chance.getrandbits(80):020x}", system)

    def _call(self, decision: str, system: System) -> Iterator[dict[str, Any]]:
        configuration, now = self._configuration, self._now
        model = self._chance.choice([name for name in system.models if (name, False) in self._bodies])
        call = self._bodies[model, self._chance.random() < 0.5]
        trace = Trace(decision, now, self._fragments)
        trace.system, trace.key, trace.session = system.id, "abcdef012345", ""
        day = now.astimezone(self._zone).date().isoformat()
        used = self._used.get((system.id, day), 0)
        asked = Asked("chat", b"", token="")
        trace.facts = situation.call_facts(
            call, system, configuration.register, asked, now, self._zone, used, halted=False
        )
        trace.policy = configuration.policy.version
        found = self._chance.choice(FOUND)
        assessed = system.assessment.personal_data if system.assessment is not None else ()
        privacy = situation.privacy_facts(found, assessed)
        session = situation.session_facts(NO_SESSION, "", system, now)
        for stage, facts in ((Stage.ADMISSION, session), (Stage.INPUT, privacy)):
            if self._decide(trace, stage, facts) == "deny":
                yield trace.closed(now, "refused", "denied")
                return
        for deployment in configuration.catalogue.deployments_of(call.model):
            known = self._places.facts(deployment, configuration, now.date(), suspended=False)
            routing = situation.routing_facts(known, (), (), (), (), halted=False)
            self._decide(trace, Stage.ROUTING, {**privacy, **routing})
        yield trace.opened(now)
        trace.deployment, trace.residency = "simulateur", "unattested"
        trace.attempts.append({"deployment": "simulateur", "outcome": "answered"})
        trace.usage = self._chance.randrange(20, 2000), self._chance.randrange(1, 900)
        self._used[system.id, day] = used + sum(trace.usage)
        self._decide(trace, Stage.OUTPUT, situation.output_facts((), ()))
        yield trace.closed(now + timedelta(milliseconds=self._chance.randrange(80, 9000)), "served")

    def _decide(self, trace: Trace, stage: Stage, facts: Facts) -> str:
        decision = self._remembered.decide(self._configuration.policy, stage, {**trace.facts, **facts})
        trace.decided(stage, facts, decision)
        return decision.effect.value
