"""The trace of one call: what was decided on which facts, gathered for its two records. *Data*, one owner: the call.

A record's `facts` are those common to all stages; each entry of `stages` holds only what that stage adds, so that every
decision can be recomputed from the record and the policy version alone (promise 4).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from gateway.audit import canonical
from gateway.config import Price
from gateway.policies import Decision, Facts, Stage

REMEMBERED = 4096


def timestamp(moment: datetime) -> str:
    """RFC 3339, UTC, milliseconds: the ledger's one form of time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Fragments:
    """Parts of records that come back with every like call, remembered as canonical JSON. Bounded; owned by the house.

    A remembered decision is the same object for the same policy, stage and facts, so what is kept for it stays true.
    """

    def __init__(self, size: int = REMEMBERED) -> None:
        self._size = size
        self._known: OrderedDict[Hashable, tuple[object, orjson.Fragment]] = OrderedDict()

    def facts(self, facts: Facts) -> orjson.Fragment:
        """The facts common to all stages."""
        key = frozenset(facts.items())
        return self._get(key) or self._keep(key, None, plain(facts))

    def stage(self, stage: Stage, own: Facts, decision: Decision) -> orjson.Fragment:
        """A decision with the facts that its stage adds to the common ones."""
        key = id(decision)
        entry = self._get(key)
        if entry is None:
            value = {"stage": stage.value, "facts": plain(own), "decision": decision.as_json()}
            if stage is Stage.ACTION:  # arguments are in it: it never comes back
                return orjson.Fragment(canonical(value))
            entry = self._keep(key, decision, value)
        return entry

    def _get(self, key: Hashable) -> orjson.Fragment | None:
        known = self._known.get(key)
        return known[1] if known is not None else None

    def _keep(self, key: Hashable, alive: object, value: dict[str, Any]) -> orjson.Fragment:
        """`alive` is held as long as the fragment, so that an `id` is not given to another object meanwhile."""
        fragment = orjson.Fragment(canonical(value))
        self._known[key] = alive, fragment
        if len(self._known) > self._size:
            self._known.popitem(last=False)
        return fragment


@dataclass(slots=True)
class Trace:
    """What happened to one call so far. `stages` and `content` (what was kept of it) are those not yet in a record."""

    decision: str
    started: datetime
    fragments: Fragments
    system: str = ""
    key: str = ""
    user: str = ""
    session: str = ""
    policy: str = ""
    facts: Facts = field(default_factory=dict)
    stages: list[orjson.Fragment] = field(default_factory=list)
    matched: set[str] = field(default_factory=set)
    is_open: bool = False
    is_closed: bool = False
    deployment: str = ""
    attempts: list[dict[str, Any]] = field(default_factory=list)
    residency: str = ""
    usage: tuple[int, int] = (0, 0)
    price: Price | None = None
    label: str = ""
    labels: set[str] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)
    placeholders_unknown: int = 0
    actions: list[dict[str, str]] = field(default_factory=list)
    content: dict[str, Any] = field(default_factory=dict)
    epoch: int = 0

    def decided(self, stage: Stage, facts: Facts, decision: Decision) -> None:
        """Keep a decision with the facts that `stage` adds to the common ones."""
        self.stages.append(self.fragments.stage(stage, facts, decision))
        self.matched.update(match.rule for match in decision.matches)
        self.labels.update(decision.labels)

    def opened(self, now: datetime) -> dict[str, Any]:
        """The record that must be durable before any byte leaves."""
        self.is_open = True
        return self._record("call.opened", now, "opened")

    def asked(self, now: datetime) -> dict[str, Any]:
        """The record that must be durable before actions that a model proposed wait for a person."""
        return self._record("action.asked", now, "held")

    def closed(self, now: datetime, outcome: str, code: str = "") -> dict[str, Any]:
        """The record that must be durable before an answer is complete. `outcome`: see `audit.records`."""
        self.is_closed = True
        record = self._record("call.closed", now, outcome)
        record["code"] = code
        record["deployment"] = self.deployment
        record["attempts"] = self.attempts
        record["residency"] = self.residency
        day = self.facts.get("call.date", "")
        used: dict[str, Any] = {"input_tokens": self.usage[0], "output_tokens": self.usage[1], "day": day}
        if self.price is not None:
            used["cost_billionths"], used["currency"] = self.price.billionths(*self.usage), self.price.currency
        record["usage"] = used
        record["label"] = self.label
        if self.texts:
            record["texts"] = self.texts
        record["placeholders_unknown"] = self.placeholders_unknown
        if self.actions:
            record["actions"] = self.actions
        record["duration_ms"] = max(0, round((now - self.started).total_seconds() * 1000))
        return record

    def _record(self, kind: str, now: datetime, outcome: str) -> dict[str, Any]:
        stages, self.stages = self.stages, []
        content, self.content = self.content, {}
        record = {
            "kind": kind,
            "id": f"{self.decision}.{kind.partition('.')[2]}",
            "time": timestamp(now),
            "decision": self.decision,
            "system": self.system,
            "key": self.key,
            "user": self.user,
            "session": self.session,
            "policy": self.policy,
            "facts": self.fragments.facts(self.facts),
            "stages": stages,
            "outcome": outcome,
        }
        return record | {"content": content} if content else record


def plain(facts: Facts) -> dict[str, Any]:
    """Facts as canonical JSON can hold them: tuples become lists."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in facts.items()}
