"""Whether this installation issued a text. *Edge*: reads the store; what it answers is decided by `judge`, pure.

What it may say is little on purpose. A text as a whole, to the character (as `comparable` sees it); an exact part, every
passage of which is one answer's; or a part, with at least `LEAST_PASSAGES` passages and `LEAST_SHARE` of those presented, all
of one answer. Anything less is "not found", so that a common sentence proves nothing and a poor guess learns nothing. The
same queries are made whatever they find.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import Connection, case, func, select

from gateway.storage import Store
from gateway.storage.tables import fingerprints, issued, records
from gateway.transparency.fingerprints import Fingerprinter, Fingerprints
from gateway.transparency.keeping import packed
from gateway.transparency.presented import Presented

LEAST_PASSAGES = 2
LEAST_SHARE = 0.25


class Found(StrEnum):
    """What was found."""

    WHOLE = "whole"
    PART = "part"
    NOT_FOUND = "not_found"
    TOO_SHORT = "too_short"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an issued text comes from. `reviewed`: by a person, before it was issued; None when no longer known."""

    decision: str
    system: str
    time: str
    label: str
    reviewed: bool | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`matched` of the `total` passages presented are the origin's: an exact part when all are."""

    found: Found
    matched: int = 0
    total: int = 0
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Hits:
    """What the store knows of the fingerprints presented: decisions, or nothing."""

    whole: str = ""
    passages: str = ""
    matched: int = 0


def judge(prints: Fingerprints, hits: Hits) -> tuple[Verdict, str]:
    """What may be said, and of which decision."""
    total = len(prints.passages)
    if hits.whole:
        return Verdict(Found.WHOLE, total, total), hits.whole
    enough = hits.matched >= LEAST_PASSAGES and hits.matched >= LEAST_SHARE * total
    if hits.matched and (enough or hits.matched == total):
        return Verdict(Found.PART, hits.matched, total), hits.passages
    return Verdict(Found.NOT_FOUND, 0, total), ""


def recognise(text: Presented, fingerprinter: Fingerprinter, store: Store) -> Verdict:
    """Whether `text` was issued. Raises `StoreUnavailable`."""
    if not text.readings:
        return Verdict(Found.TOO_SHORT)
    prints = [fingerprinter.presented(one) for one in text.readings]
    with store.read() as connection:
        weeks = _weeks(connection)
        hits = [_hits(one, text.reference, weeks, connection) for one in prints]
        verdict, decision = _best(prints, hits)
        if verdict.found is Found.NOT_FOUND and _in_ledger(text, fingerprinter, connection):
            verdict, decision = Verdict(Found.WHOLE, verdict.total, verdict.total), text.reference
        origin = origin_of(decision, connection) if decision else None
    if origin is None:
        return Verdict(Found.NOT_FOUND, 0, verdict.total)
    return Verdict(verdict.found, verdict.matched, verdict.total, origin)


def origin_of(decision: str, connection: Connection) -> Origin | None:
    """Where an answer comes from, as the ledger has it; None for a decision that issued nothing."""
    closed = _closed(decision, connection)
    if closed is None:
        return None
    known = connection.execute(select(issued.c.approval).where(issued.c.decision == decision)).one_or_none()
    reviewed = bool(known.approval) if known is not None else None
    return Origin(decision, closed["system"], closed["time"], closed["label"], reviewed)


def _best(prints: list[Fingerprints], hits: list[Hits]) -> tuple[Verdict, str]:
    """The best of the readings: a whole, or else the most passages."""
    judged = [judge(one, hit) for one, hit in zip(prints, hits, strict=True)]
    return max(judged, key=lambda one: (one[0].found is Found.WHOLE, one[0].matched, -one[0].total))


def _weeks(connection: Connection) -> list[int]:
    """Every week that may hold a fingerprint."""
    newest = connection.execute(select(func.max(fingerprints.c.week))).scalar()
    oldest = connection.execute(select(func.min(fingerprints.c.week))).scalar()
    return list(range(oldest, newest + 1)) if oldest is not None and newest is not None else []


def _hits(prints: Fingerprints, reference: str, weeks: list[int], connection: Connection) -> Hits:
    """The answer that a text is the whole of, and the one that has most of its passages.

    Of several, the one that the text names, or the first that was issued.
    """
    table, count = fingerprints.c, func.count()
    named_first = case((table.decision == (packed(reference) if reference else b""), 0), else_=1)

    def first(digests: Sequence[int | None]) -> tuple[str, int]:
        row = connection.execute(
            select(table.decision, count.label("matched"))
            .where(table.week.in_(weeks), table.digest.in_(digests))
            .group_by(table.decision)
            .order_by(count.desc(), named_first, table.decision)
            .limit(1)
        ).one_or_none()
        return (f"d-{bytes(row.decision).hex()}", row.matched) if row is not None else ("", 0)

    return Hits(first([prints.whole])[0], *first(prints.passages))


def _in_ledger(text: Presented, fingerprinter: Fingerprinter, connection: Connection) -> bool:
    """Whether the answer that a text names was that text, to the byte: for one whose fingerprints were lost or are over."""
    closed = _closed(text.reference, connection) if text.reference else None
    sealed = closed.get("texts") if closed is not None else None
    if not isinstance(sealed, list):
        return False
    return any(fingerprinter.sealed(hashlib.sha256(one.encode()).digest()) in sealed for one in text.exact)


def _closed(decision: str, connection: Connection) -> dict[str, Any] | None:
    """The record of an answer that was served, with a label."""
    bodies = connection.execute(
        select(records.c.body).where(records.c.decision == decision, records.c.kind == "call.closed")
    ).scalars()
    for body in bodies:
        record: dict[str, Any] = orjson.loads(body)
        if record.get("outcome") == "served" and record.get("label"):
            return record
    return None
