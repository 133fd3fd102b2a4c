"""The trace of one call: what was decided on which facts, gathered for its two records. *Data*, one owner: the call.

A record's `facts` are those common to all stages; each entry of `stages` holds only what that stage adds, so that every
decision can be recomputed from the record and the policy version alone (promise 4).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from gateway.policies import Decision, Facts, Stage


def timestamp(moment: datetime) -> str:
    """RFC 3339, UTC, milliseconds: the ledger's one form of time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(slots=True)
class Trace:
    """What happened to one call so far. `stages` are those not yet in a record."""

    decision: str
    started: datetime
    system: str = ""
    key: str = ""
    user: str = ""
    session: str = ""
    policy: str = ""
    facts: Facts = field(default_factory=dict)
    stages: list[dict[str, Any]] = field(default_factory=list)
    matched: set[str] = field(default_factory=set)
    is_open: bool = False
    is_closed: bool = False
    deployment: str = ""
    attempts: list[dict[str, Any]] = field(default_factory=list)
    residency: str = ""
    usage: tuple[int, int] = (0, 0)
    label: str = ""
    delivered_chars: int = 0

    def decided(self, stage: Stage, facts: Facts, decision: Decision) -> None:
        """Keep a decision with the facts that `stage` adds to the common ones."""
        self.stages.append({"stage": stage.value, "facts": plain(facts), "decision": decision.as_json()})
        self.matched.update(match.rule for match in decision.matches)

    def opened(self, now: datetime) -> dict[str, Any]:
        """The record that must be durable before any byte leaves."""
        self.is_open = True
        return self._record("call.opened", now, "opened")

    def closed(self, now: datetime, outcome: str, code: str = "") -> dict[str, Any]:
        """The record that must be durable before an answer is complete. `outcome`: see `audit.records`."""
        self.is_closed = True
        record = self._record("call.closed", now, outcome)
        record["code"] = code
        record["deployment"] = self.deployment
        record["attempts"] = self.attempts
        record["residency"] = self.residency
        record["usage"] = {"input_tokens": self.usage[0], "output_tokens": self.usage[1]}
        record["label"] = self.label
        record["duration_ms"] = max(0, round((now - self.started).total_seconds() * 1000))
        return record

    def _record(self, kind: str, now: datetime, outcome: str) -> dict[str, Any]:
        stages, self.stages = self.stages, []
        return {
            "kind": kind,
            "id": f"{self.decision}.{kind.removeprefix('call.')}",
            "time": timestamp(now),
            "decision": self.decision,
            "system": self.system,
            "key": self.key,
            "user": self.user,
            "session": self.session,
            "policy": self.policy,
            "facts": plain(self.facts),
            "stages": stages,
            "outcome": outcome,
        }


def plain(facts: Facts) -> dict[str, Any]:
    """Facts as canonical JSON can hold them: tuples become lists."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in facts.items()}
