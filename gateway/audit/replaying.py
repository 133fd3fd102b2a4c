"""`vigie policy replay`: every recorded call of a period under another policy, and what would change. *Edge*: reads the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, select

from gateway.errors import Message
from gateway.policies import Policy, Stage
from gateway.policies.replay import Candidate, Recorded, Replay, arguments_of, recorded
from gateway.storage import Store
from gateway.storage.tables import policies, records

KINDS = ("call.opened", "call.closed", "action.asked", "action.held")
CHUNK = 1_000
EVERY = 5_000
EXAMPLES = 5

CHANGES: dict[str, Message] = {
    "refused": Message("serait refusée, ou à une autre étape", "would be refused, or at another stage"),
    "admitted": Message("ne serait plus refusée", "would not be refused any more"),
    "rerouted": Message("irait à un autre déploiement", "would go to another deployment"),
    "transformed": Message("protégerait d'autres types, ou autrement", "would protect other types, or otherwise"),
    "labelled": Message("porterait d'autres étiquettes", "would bear other labels"),
    "unknown": Message("ne peut être déterminée", "cannot be told"),
}


@dataclass(slots=True)
class Comparison:
    """What a replay found. `partial` are calls whose beginning is outside the period; they are not counted."""

    candidate: str
    calls: int = 0
    partial: int = 0
    changes: Counter[str] = field(default_factory=Counter)
    further: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    new: Counter[str] = field(default_factory=Counter)
    gone: Counter[str] = field(default_factory=Counter)
    systems: dict[str, Counter[str]] = field(default_factory=dict)
    models: dict[str, Counter[str]] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    @property
    def changed(self) -> int:
        """Calls that would end otherwise."""
        return self.changes.total() - self.changes["unknown"]

    def add(self, decision: str, system: str, model: str, replay: Replay) -> None:
        """One call more."""
        self.calls += 1
        for counts in (self.systems.setdefault(system, Counter()), self.models.setdefault(model, Counter())):
            counts["calls"] += 1
            if replay.change:
                counts[replay.change] += 1
        if not replay.change:
            return
        self.changes[replay.change] += 1
        self.missing.update(replay.missing)
        self.further += replay.becomes.further and not replay.missing
        if replay.change != "unknown":
            self.new.update(replay.new)
            self.gone.update(replay.gone)
        examples = self.examples.setdefault(replay.change, [])
        if len(examples) < EXAMPLES:
            examples.append(decision)

    def as_json(self) -> dict[str, Any]:
        """For a program."""
        return {
            "candidate": self.candidate,
            "calls": self.calls,
            "changed": self.changed,
            "unknown": self.changes["unknown"],
            "partial": self.partial,
            "changes": {name: count for name, count in self.changes.items() if name != "unknown"},
            "further": self.further,
            "facts_not_recorded": dict(self.missing.most_common()),
            "rules": [
                {"rule": rule, "new": self.new[rule], "gone": self.gone[rule]}
                for rule in sorted({*self.new, *self.gone}, key=lambda rule: (-self.new[rule] - self.gone[rule], rule))
            ],
            "systems": {name: dict(counts) for name, counts in sorted(self.systems.items())},
            "models": {name: dict(counts) for name, counts in sorted(self.models.items())},
            "examples": self.examples,
        }


def replay_store(
    store: Store,
    candidate: Policy,
    *,
    since: str = "",
    until: str = "",
    system: str = "",
    progress: Callable[[int], None] | None = None,
) -> Comparison:
    """Replay the calls recorded in a period. Memory grows with the calls that are open at a point, not with their number."""
    comparison, under = Comparison(candidate.version), Candidate(candidate)
    with store.read() as connection:
        arguments = {
            row.version: arguments_of(Policy.from_source(row.source)) for row in connection.execute(select(policies))
        }
        calls = _calls(_records(connection, since, until, system), comparison)
        for seen, (head, stages) in enumerate(calls, 1):
            replay = under.replay(stages, arguments.get(head["policy"], frozenset()))
            comparison.add(head["decision"], head["system"], str(head["facts"].get("call.model", "")), replay)
            if progress is not None and seen % EVERY == 0:
                progress(seen)
    return comparison


def _calls(
    found: Iterator[dict[str, Any]], comparison: Comparison
) -> Iterator[tuple[Mapping[str, Any], list[Recorded]]]:
    """Each call once it is closed, or at the end: its first record, and its stages in order. An action is by itself."""
    waiting: dict[str, tuple[Mapping[str, Any], list[Recorded]]] = {}
    for record in found:
        if "stages" not in record:
            continue
        stages = recorded(record)
        if record["kind"] == "call.opened":
            waiting[record["decision"]] = record, stages
            continue
        head, before = waiting.pop(record["decision"], (record, []))
        if not before and stages and stages[0].stage in (Stage.INPUT, Stage.ROUTING, Stage.OUTPUT):
            comparison.partial += 1
        elif before or stages:
            yield head, [*before, *stages]
    yield from waiting.values()


def _records(connection: Connection, since: str, until: str, system: str) -> Iterator[dict[str, Any]]:
    chosen = select(records.c.body).where(records.c.kind.in_(KINDS))
    if since:
        chosen = chosen.where(records.c.time >= since)
    if until:
        chosen = chosen.where(records.c.time < until)
    if system:
        chosen = chosen.where(records.c.system == system)
    with connection.execute(chosen.order_by(records.c.seq).execution_options(yield_per=CHUNK)) as rows:
        for row in rows:
            yield orjson.loads(row.body)
