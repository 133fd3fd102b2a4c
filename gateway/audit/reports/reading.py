"""The records of a period, in ledger order, put together into calls; from a store, or from a bundle. *Edge*: reads.

Memory grows with the calls that are open at a point, never with their number. A call belongs to the period in which its
first record was written: that is when something left. One that was opened in the period is followed to its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import orjson
from sqlalchemy import Connection, func, select

from gateway.audit.bundle import Bundle, Range, Subtree, places
from gateway.audit.reports.shape import Scope
from gateway.audit.scanning import Wrong
from gateway.storage.tables import policies, records

CHUNK = 500
PAUSE_EVERY = 64
AT_ONCE = 400
Record = Mapping[str, Any]
Reach = Literal["period", "onward", "whole"]
"""What a report reads: the records of its period, those from its beginning on, or all."""
CALLS = ("call.opened", "call.closed", "action.asked")
Numbered = tuple[int, Record]
"""A record and its position in the ledger."""


class Source(Protocol):
    """Where records are read from."""

    def records(self, scope: Scope, kinds: Sequence[str]) -> Iterator[Numbered]:
        """Those of these kinds (all when empty) and of the scope, in ledger order. A record of no system is of all."""
        ...

    def of_decisions(self, decisions: Sequence[str]) -> Iterator[Numbered]:
        """The records of these decisions that follow their opening."""
        ...

    def policies(self) -> Iterator[tuple[str, Record]]:
        """Each policy version and its document."""
        ...


@dataclass(slots=True)
class Call:
    """A call, or an action that was asked for by itself. `position`, `time`: of its first record."""

    position: int
    first: Record
    closed: Record | None = None
    stages: list[Record] = field(default_factory=list)

    @property
    def facts(self) -> Record:
        """The facts common to all stages."""
        facts: Record = self.first["facts"]
        return facts

    @property
    def time(self) -> str:
        """When it began, as the ledger has it."""
        return str(self.first["time"])

    @property
    def decision(self) -> str:
        """Its decision's id."""
        return str(self.first["decision"])

    @property
    def system(self) -> str:
        """The system that called."""
        return str(self.first["system"])

    @property
    def was_opened(self) -> bool:
        """Whether anything may have left."""
        return bool(self.first["kind"] == "call.opened")

    @property
    def outcome(self) -> str:
        """What became of it; `unfinished` when nothing says so."""
        return str(self.closed["outcome"]) if self.closed is not None else "unfinished"


def calls_and_others(source: Source, scope: Scope, kinds: Sequence[str]) -> Iterator[Call | Numbered]:
    """Each call once it is closed, or at the end; any other record as it comes.

    Actions that the model of a call proposed are a part of that call; one asked for by itself is a call of its own.
    """
    waiting: dict[str, Call] = {}
    last = -1
    for last, record in source.records(scope, kinds):
        if record["kind"] not in CALLS:
            yield last, record
        elif (done := _step(waiting, last, record)) is not None:
            yield done
    for position, record in source.of_decisions(list(waiting)):
        if position > last and record["decision"] in waiting and (done := _step(waiting, position, record)) is not None:
            yield done
    yield from waiting.values()


def _step(waiting: dict[str, Call], position: int, record: Record) -> Call | None:
    """A record more of a call: the call, if that ends it. What began before the period is left out."""
    decision, kind = record["decision"], record["kind"]
    if kind == "call.opened":
        waiting[decision] = Call(position, record, stages=list(record["stages"]))
        return None
    if kind == "call.closed":
        call = waiting.pop(decision, None)
        if call is None and _whole(record):
            call = Call(position, record)
        return _closed(call, record) if call is not None else None
    if decision in waiting:
        waiting[decision].stages += record["stages"]
        return None
    return _closed(Call(position, record), record) if record["facts"]["call.protocol"] == "actions" else None


def _closed(call: Call, record: Record) -> Call:
    call.closed = record
    call.stages += record["stages"]
    return call


def _whole(record: Record) -> bool:
    """Whether a closing record is all there is of its call: it was refused before anything left."""
    stages = record["stages"]
    return bool(stages) and stages[0]["stage"] == "admission"


# ── where from ────────────────────────────────────────────────────────────────────────────────────────────────────


class FromStore:
    """The records of a store, in one consistent view. `pause` is called now and then, so that others have their turn."""

    def __init__(self, connection: Connection, pause: Callable[[], None] | None = None) -> None:
        self._connection, self._pause = connection, pause

    def records(self, scope: Scope, kinds: Sequence[str]) -> Iterator[Numbered]:
        """By position, so that nothing is sorted; the times only say where to begin and to end."""
        seq, time = records.c.seq, records.c.time
        chosen = select(seq, time, records.c.body)
        if scope.since:
            first = self._connection.execute(select(func.min(seq)).where(time >= scope.since)).scalar()
            if first is None:
                return
            chosen = chosen.where(seq >= first)
        if scope.until:
            last = self._connection.execute(select(func.max(seq)).where(time < scope.until)).scalar()
            chosen = chosen.where(seq <= (-1 if last is None else last))
        if scope.system:
            chosen = chosen.where(records.c.system.in_((scope.system, "")))
        if kinds:
            chosen = chosen.where(records.c.kind.in_(kinds))
        with self._connection.execute(chosen.order_by(seq).execution_options(yield_per=CHUNK)) as rows:
            for number, row in enumerate(rows):
                if self._pause is not None and number % PAUSE_EVERY == 0:
                    self._pause()
                if scope.covers(row.time):
                    yield row.seq, orjson.loads(row.body)

    def of_decisions(self, decisions: Sequence[str]) -> Iterator[Numbered]:
        """Found by the index of decisions."""
        for at in range(0, len(decisions), AT_ONCE):
            chosen = select(records.c.seq, records.c.body).where(
                records.c.decision.in_(decisions[at : at + AT_ONCE]), records.c.kind.in_(CALLS[1:])
            )
            for row in self._connection.execute(chosen.order_by(records.c.seq)).all():
                yield row.seq, orjson.loads(row.body)

    def policies(self) -> Iterator[tuple[str, Record]]:
        """Every version that was published."""
        for row in self._connection.execute(select(policies).order_by(policies.c.version)).all():
            yield row.version, orjson.loads(row.source)


class FromBundle:
    """The records of an export. Nothing is verified here: `vigie audit verify` does that."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle

    def records(self, scope: Scope, kinds: Sequence[str]) -> Iterator[Numbered]:
        """In the order of the file."""
        for position, record in self._all():
            wanted = not kinds or record["kind"] in kinds
            if wanted and scope.covers(record["time"]) and _concerns(scope, record):
                yield position, record

    def of_decisions(self, decisions: Sequence[str]) -> Iterator[Numbered]:
        """One more pass, if there is anything to look for."""
        wanted = set(decisions)
        for position, record in self._all() if wanted else ():
            if record["kind"] in CALLS[1:] and record["decision"] in wanted:
                yield position, record

    def policies(self) -> Iterator[tuple[str, Record]]:
        """Those that the bundle holds."""
        for version in sorted(self._bundle.policies()):
            yield version, orjson.loads(self._bundle.read(f"policies/{version}.json"))

    def _all(self) -> Iterator[Numbered]:
        size = Range.read(self._bundle.read("range.json")).tree_size
        runs = (step for step in places(self._bundle.subtrees(), size) if not isinstance(step, Subtree))
        positions = (position for first, count in runs for position in range(first, first + count))
        file = self._bundle.needed("records.jsonl")
        left = file.size
        with self._bundle.path.open("rb", buffering=1 << 20) as lines:
            lines.seek(file.offset)
            while left > 0 and (line := lines.readline()):
                left -= len(line)
                position = next(positions, None)
                if position is None:
                    raise Wrong(
                        "range.json n'est pas ce que contient le lot", "range.json is not what the bundle holds"
                    )
                yield position, orjson.loads(line)


def _concerns(scope: Scope, record: Record) -> bool:
    return not scope.system or record.get("system", "") in ("", scope.system)


def routing_of(call: Call) -> Iterator[tuple[Record, Record]]:
    """(facts, decision) of each deployment that was considered."""
    for stage in call.stages:
        if stage["stage"] == "routing":
            yield stage["facts"], stage["decision"]


NOTHING_SENT = frozenset(
    "halted suspended circuit_open rejoined provider_outside_catalogue provider_untranslatable provider_not_ready".split()
)
"""Outcomes of an attempt of which it is certain that nothing left: `rejoined` is the answer that an earlier try waits with."""


def sent_to(call: Call) -> dict[str, str]:
    """The deployments that a call was sent to: `answered`, `unanswered`, or `uncertain` when nothing says how it went.

    An attempt that was cut (the client left, a halt, a crash) is not in the record: whatever policy had admitted may then
    have received it.
    """
    if not call.was_opened:
        return {}
    closed: Record = call.closed or {}
    outcomes = {one["outcome"] for one in closed.get("attempts", ())}
    sent = {
        one["deployment"]: "answered" if one["outcome"] == "answered" else "unanswered"
        for one in closed.get("attempts", ())
        if one["outcome"] not in NOTHING_SENT
    }
    cut = call.closed is None or closed["outcome"] in ("client_left", "halted") or closed["code"] == "halted"
    if cut and not outcomes & {"answered", "rejoined"}:
        tried = {one["deployment"] for one in closed.get("attempts", ())}
        for facts, decision in routing_of(call):
            name = facts["deployment.id"]
            if name not in tried and decision["effect"] not in ("exclude", "deny", "hold"):
                sent[name] = "uncertain"
    return sent
