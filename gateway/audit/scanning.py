"""Reading records in ledger order: are they records, in canonical form, and do their decisions follow from their facts?

*Decisions*: pure, on bytes. What a stretch of records says is summed up in `Findings`, so that stretches can be read by
several processes and put together in order by one (`verify`).

Records repeat themselves: the same facts and stages come back call after call, and parsing or deciding them anew would
be nine tenths of the cost. So `facts` and `stages` are cut out of the bytes, judged once for each different content,
and the rest of the record, now short, is parsed. Cutting cannot mislead: a cut piece must be canonical JSON by itself,
and the record with two unguessable words in their place must be canonical too and have those words where `facts` and
`stages` belong; any record of another shape is parsed whole.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from gateway.audit.merkle import TILE_WIDTH, leaf_hash, tile_root
from gateway.audit.records import canonical
from gateway.errors import Message
from gateway.policies import Again, FactValue, Policy, Stage
from gateway.policies.decide import restored

GENERATION = 2_048
BACKWARDS_S = 2.0
"""Calls recorded together may be this much out of order; beyond it, a clock was set back."""

Run = tuple[int, int]
"""Consecutive positions: (first, count)."""
Row = tuple[bytes, str, str, str, str] | None
"""What a store keeps beside a record: leaf, kind, decision, system, time."""


class Wrong(Exception):
    """The first thing found wrong, in words, and the position of the record it is about."""

    def __init__(self, fr: str, en: str, position: int | None = None) -> None:
        super().__init__(en)
        self.message = Message(fr, en)
        self.position = position

    def __reduce__(self) -> tuple[Any, ...]:
        return Wrong, (self.message.fr, self.message.en, self.position)


@dataclass(slots=True)
class Findings:
    """What a stretch of records says. `pieces`, for each run: (level, hash) of leaves or of whole blocks of 256.

    `policies` are the versions that records name. `closed` are calls that this stretch closes and did not open:
    (position, decision, served). `other` are the records that are not a call's. `wrong` ends the stretch.
    """

    records: int = 0
    decisions: int = 0
    pieces: list[list[tuple[int, bytes]]] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    closed: list[tuple[int, str, bool]] = field(default_factory=list)
    policies: set[str] = field(default_factory=set)
    tokens: dict[tuple[str, str], int] = field(default_factory=dict)
    other: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    first_time: str = ""
    last_time: str = ""
    backwards: list[int] = field(default_factory=list)
    wrong: Wrong | None = None


class Recent:
    """Answers by content, bounded: when the young generation is full it becomes the old one, which is forgotten."""

    def __init__(self, size: int = GENERATION) -> None:
        self._size = size
        self._young: dict[Any, Any] = {}
        self._old: dict[Any, Any] = {}

    def get(self, key: Any) -> Any:
        """The answer, or None."""
        known = self._young.get(key)
        if known is None and (known := self._old.get(key)) is not None:
            self.keep(key, known)
        return known

    def keep(self, key: Any, answer: Any) -> None:
        """Remember `answer`."""
        if len(self._young) >= self._size:
            self._old, self._young = self._young, {}
        self._young[key] = answer


class Scanner:
    """Reads stretches of records. `policies` are those known, by version; without `recomputing`, decisions are counted."""

    def __init__(self, policies: Mapping[str, Policy], *, recomputing: bool = True) -> None:
        self._policies, self._recomputing = policies, recomputing
        self._again = Again(policies)
        self._judged, self._parsed = Recent(), Recent()
        self._words = f'"{secrets.token_hex(8)}"'.encode(), f'"{secrets.token_hex(8)}"'.encode()
        self._expected = tuple(word.strip(b'"').decode() for word in self._words)

    def scan(self, runs: Sequence[Run], bodies: Iterator[tuple[bytes, Row]], apart: Sequence[int] = ()) -> Findings:
        """What the records at `runs` say. The tree's root will be asked for at each size of `apart`: no block
        spans one."""
        findings, opened = Findings(), dict[str, None]()
        try:
            for first, count in runs:
                leaves: list[bytes] = []
                for position in range(first, first + count):
                    body, row = next(bodies, (None, None))
                    if body is None:
                        raise Wrong(
                            f"l'enregistrement {position} manque ou est coupé",
                            f"record {position} is missing or cut",
                            position,
                        )
                    leaf = leaf_hash(body)
                    head = self._read(position, body, findings)
                    if row is not None:
                        _same_as_row(position, head, leaf, row)
                    leaves.append(leaf)
                    self._follow(position, head, findings, opened)
                findings.pieces.append(list(_folded(first, leaves, apart)))
        except Wrong as wrong:
            findings.wrong = wrong
        findings.opened = list(opened)
        return findings

    def _read(self, position: int, body: bytes, findings: Findings) -> dict[str, Any]:
        """The record but for its facts and stages, which are judged. Raises `Wrong`."""
        at = body.find(b'"facts":{')
        end = body.find(b'},"id":"', at) + 1
        stages_at = body.find(b'"stages":[', end)
        stages_end = body.rfind(b'],"system":"') + 1
        if 0 < at < end < stages_at < stages_end:
            one, two = self._words
            short = body[: at + 8] + one + body[end : stages_at + 9] + two + body[stages_end:]
            head = _object(short)
            if head is not None and (head.get("facts"), head.get("stages")) == self._expected:
                self._judge(position, head, body[at + 8 : end], body[stages_at + 9 : stages_end], findings)
                return head
        head = _object(body)
        if head is None:
            raise Wrong(
                f"l'enregistrement {position} n'est pas un enregistrement, ou pas sous forme canonique",
                f"record {position} is not a record, or not in canonical form",
                position,
            )
        if "facts" in head or "stages" in head:
            facts, stages = (orjson.dumps(head.get(name), option=orjson.OPT_SORT_KEYS) for name in ("facts", "stages"))
            self._judge(position, head, facts, stages, findings)
        return head

    def _judge(self, position: int, head: Mapping[str, Any], facts: bytes, stages: bytes, findings: Findings) -> None:
        """Count the decisions of a record, and decide them again. Raises `Wrong`."""
        policy = head.get("policy")
        key = policy, facts, stages
        judged = self._judged.get(key)
        if judged is None:
            judged = self._decide_again(policy, facts, stages)
            self._judged.keep(key, judged)
        count, difference = judged
        if difference is not None:
            kind, decision = head.get("kind"), head.get("decision")
            raise Wrong(
                f"enregistrement {position} ({kind}, décision {decision})\u00a0: {difference.fr}",
                f"record {position} ({kind}, decision {decision}): {difference.en}",
                position,
            )
        findings.decisions += count

    def _decide_again(self, policy: Any, facts: bytes, stages: bytes) -> tuple[int, Message | None]:
        """(number of decisions, what is wrong with them)."""
        try:
            common, pieces = self._value(facts), self._pieces(stages)
            for number, (stage, own, decision) in enumerate(pieces):
                if policy not in self._policies:
                    return 0, Message(
                        f"la version {str(policy)[:12]} de sa politique n'est pas là",
                        f"policy version {str(policy)[:12]} is not there: its decisions cannot be recomputed",
                    )
                if self._recomputing:
                    again = self._again.decision(policy, stage, {**common, **own})
                    if again != decision:
                        was, now = decision["effect"], again["effect"]
                        return 0, Message(
                            f"stages[{number}] ({stage.value})\u00a0: inscrit {was}, recalculé {now}",
                            f"stages[{number}] ({stage.value}): recorded {was}, recomputed {now}",
                        )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            name = type(error).__name__
            return 0, Message(
                f"ses décisions ne peuvent pas être recalculées ({name})",
                f"its decisions cannot be recomputed ({name})",
            )
        return len(pieces), None

    def _value(self, facts: bytes) -> dict[str, FactValue]:
        """Facts as `decide` takes them. Raises `ValueError` unless the bytes are canonical."""
        known: dict[str, FactValue] | None = self._parsed.get(facts)
        if known is None:
            known = restored(_canonical(facts))
            self._parsed.keep(facts, known)
        return known

    def _pieces(self, stages: bytes) -> list[tuple[Stage, dict[str, FactValue], dict[str, Any]]]:
        """(stage, its own facts, decision) of each. Stages come back one by one, so they are cut apart and remembered.

        A cut inside a stage leaves pieces that are not JSON; the stages are then parsed as one.
        """
        if stages == b"[]":
            return []
        first, *others = stages[1:-1].split(b',{"decision":')
        try:
            return [self._piece(piece) for piece in (first, *(b'{"decision":' + other for other in others))]
        except orjson.JSONDecodeError:
            return [_stage(one) for one in _canonical(stages)]

    def _piece(self, piece: bytes) -> tuple[Stage, dict[str, FactValue], dict[str, Any]]:
        known: tuple[Stage, dict[str, FactValue], dict[str, Any]] | None = self._parsed.get(piece)
        if known is None:
            known = _stage(_canonical(piece))
            self._parsed.keep(piece, known)
        return known

    def _follow(self, position: int, head: Mapping[str, Any], findings: Findings, opened: dict[str, None]) -> None:
        """Calls that open and close, tokens, times, and what is not a call. Raises `Wrong`."""
        kind, decision, policy = head["kind"], head.get("decision", ""), head.get("policy")
        if policy:
            findings.policies.add(policy)
        if kind == "call.opened":
            if decision in opened:
                raise Wrong(
                    f"enregistrement {position}\u00a0: l'appel {decision} est ouvert deux fois",
                    f"record {position}: call {decision} is opened twice",
                    position,
                )
            opened[decision] = None
        elif kind == "call.closed":
            if decision in opened:
                del opened[decision]
            else:
                findings.closed.append((position, decision, head.get("outcome") == "served"))
            used = head.get("usage")
            if used:
                _count(findings.tokens, str(head.get("system", "")), used)
        else:
            findings.other.append((position, dict(head)))
        time = head["time"]
        if time < findings.last_time and _seconds_back(findings.last_time, time) > BACKWARDS_S:
            findings.backwards.append(position)
        findings.first_time = findings.first_time or time
        findings.last_time = time
        findings.records += 1


def put_back(before: str, after: str) -> bool:
    """Whether a clock was set back between two records that follow each other."""
    return after < before and _seconds_back(before, after) > BACKWARDS_S


def _stage(value: dict[str, Any]) -> tuple[Stage, dict[str, FactValue], dict[str, Any]]:
    return Stage(value["stage"]), restored(value["facts"]), value["decision"]


def _canonical(text: bytes) -> Any:
    """The JSON value of canonical bytes. Raises `ValueError`."""
    value = orjson.loads(text)
    if orjson.dumps(value, option=orjson.OPT_SORT_KEYS) != text and canonical({"": value})[4:-1] != text:
        raise ValueError("not canonical")
    return value


def _object(body: bytes) -> dict[str, Any] | None:
    """A canonical JSON object with at least a kind, an id and a time; None for anything else."""
    try:
        value = _canonical(body)
        if type(value) is dict and type(value["kind"]) is type(value["id"]) is type(value["time"]) is str:
            return value
    except (ValueError, TypeError, KeyError):
        pass
    return None


def _same_as_row(position: int, head: Mapping[str, Any], leaf: bytes, row: tuple[bytes, str, str, str, str]) -> None:
    """The columns that a store is searched by say what the record says."""
    if leaf != row[0]:
        raise Wrong(
            f"l'enregistrement {position} a été modifié\u00a0: ses octets ne sont pas ceux qui ont été hachés",
            f"record {position} was changed: its bytes are not those that were hashed",
            position,
        )
    if (head["kind"], head.get("decision", ""), head.get("system", ""), head["time"]) != row[1:]:
        raise Wrong(
            f"l'enregistrement {position} n'est pas rangé sous ce qu'il dit",
            f"record {position} is not filed under what it says",
            position,
        )


def _folded(first: int, leaves: list[bytes], apart: Sequence[int]) -> Iterable[tuple[int, bytes]]:
    """Leaves, or the hash of a block of 256 where one is whole."""
    at, end = first, first + len(leaves)
    while at < end:
        if at % TILE_WIDTH == 0 and at + TILE_WIDTH <= end and not any(at < one < at + TILE_WIDTH for one in apart):
            yield 8, tile_root(leaves[at - first : at - first + TILE_WIDTH])
            at += TILE_WIDTH
        else:
            yield 0, leaves[at - first]
            at += 1


def _count(tokens: dict[tuple[str, str], int], system: str, used: Mapping[str, Any]) -> None:
    added, day = used.get("input_tokens", 0) + used.get("output_tokens", 0), used.get("day", "")
    if added and system and day:
        tokens[system, day] = tokens.get((system, day), 0) + added


def _seconds_back(before: str, after: str) -> float:
    try:
        return (datetime.fromisoformat(before) - datetime.fromisoformat(after)).total_seconds()
    except (ValueError, TypeError):
        return 0.0
