"""The book that `make chaos` keeps of held actions takes what may be, and takes nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.chaos.held_book import Acknowledged, Book, Received, Seen, sizes

Records = list[dict[str, Any]]
ONE, OTHER = "1" * 64, "2" * 64


def history() -> Records:
    """Held, edited by one person, approved by another, released; and the call that was answered with it."""
    common = {"hold": "a", "state": "waiting"}
    held = {"kind": "action.held", "sha256": ONE, "requester": "user:g", "approvals_needed": 2, "expires_at": "9"}
    decided = {"kind": "action.decided", "verdict": "approved", "sha256": OTHER, "edited": False}
    return [
        {**common, **held, "time": "1"},
        {**common, **decided, "time": "2", "by": "roy", "sha256": ONE},
        {**common, **decided, "time": "3", "by": "côté", "edited": True},
        {**common, **decided, "time": "4", "by": "roy", "state": "approved"},
        {**common, "kind": "action.released", "time": "5", "sha256": OTHER, "state": "released"},
        {
            "kind": "call.closed",
            "decision": "d",
            "attempts": [{"outcome": "rejoined"}],
            "actions": [{"sha256": OTHER, "hold": "a", "outcome": "edited"}],
        },
    ]


def seen() -> Seen:
    verdicts = [Acknowledged("a", "roy", "approved", OTHER), Acknowledged("a", "côté", "approved", OTHER)]
    return Seen([Received("c1", OTHER, decision="d")], verdicts, {"a"}, ["d"])


def wrong(records: Records, known: Seen, states: dict[str, str] | None = None) -> list[str]:
    book = Book({"roy": ("roy", "user:r"), "côté": ("côté",), "g": ("g", "user:g")})
    for record in records:
        book.take(record)
    book.states({"a": "released"} if states is None else states)
    book.account(known, sizes(known))
    book.lost(known.queued)
    return book.wrong


def test_a_history_as_it_should_be_is_taken() -> None:
    assert wrong(history(), seen()) == []


def setting(at: int, **values: Any) -> Callable[[Records], object]:
    return lambda records: records[at].update(values)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda records: records.pop(3), "without enough approvals"),
        (lambda records: records.pop(2), "another action"),
        (lambda records: records.pop(0), "never held"),
        (lambda records: records.pop(4), "not released"),
        (lambda records: records.pop(5), "not closed"),
        (lambda records: records.insert(5, records[4]), "which was released"),
        (lambda records: records.insert(1, records[0]), "held twice"),
        (setting(3, by="g"), "whoever asked"),
        (setting(3, by="côté"), "twice by one person"),
        (setting(3, time="9"), "decided after it expired"),
        (setting(4, time="9"), "released after it expired"),
        (setting(4, sha256=ONE), "released as another action"),
        (setting(2, state="approved"), "approved while approved"),
        (setting(4, kind="action.expired", state="expired"), "expires before its time"),
        (setting(5, actions=[]), "not released"),
        (setting(5, actions=[{"sha256": OTHER, "hold": "a", "outcome": "denied"}]), "d says denied of a"),
    ],
)
def test_a_history_as_it_must_not_be_is_not(change: Callable[[Records], object], said: str) -> None:
    records = history()
    change(records)
    assert any(said in one for one in wrong(records, seen())), wrong(records, seen())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda known: known.received.append(Received("c2", OTHER, hold="a")), "given to c1 and to c2"),
        (lambda known: known.received.append(Received("c2", ONE, hold="a")), "not released"),
        (lambda known: known.acknowledged.append(Acknowledged("a", "g", "denied", OTHER)), "verdict on a is lost"),
        (lambda known: known.queued.add("b"), "b was seen in the queue and is lost"),
        (lambda known: known.whole.append("e"), "e was answered whole"),
    ],
)
def test_what_was_seen_and_is_not_told_is_missed(change: Callable[[Seen], object], said: str) -> None:
    known = seen()
    change(known)
    assert any(said in one for one in wrong(history(), known))


@pytest.mark.parametrize("states", [{}, {"a": "approved"}, {"a": "released", "b": "waiting"}])
def test_the_store_and_the_ledger_tell_the_same(states: dict[str, str]) -> None:
    assert wrong(history(), seen(), states)
