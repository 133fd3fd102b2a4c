"""Who is told next when nobody decides. *Edge*: the store.

A hold that is told to anybody later has one row here, made in the transaction that holds it, moved on with each step, and
removed with its end. Steps are those of the configuration in force when they are due; each is recorded, with the people it
told, in the transaction that queues their notices: it happens once, in whatever process, and is not lost with one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection, delete, insert, select, update

from gateway.audit import Entry, write_entries
from gateway.config import EscalationStep, seconds_of
from gateway.storage.tables import escalations, holds, tree
from gateway.supervision.held import Held
from gateway.supervision.holds import State
from gateway.supervision.keeping import moment_of, text_of, with_verdicts

AT_ONCE = 50


def plan(connection: Connection, held: Held, steps: Sequence[EscalationStep]) -> None:
    """A hold has just been made: when its first step is due. A step after its expiry is never taken."""
    if steps:
        row = {"hold": held.id, "step": 0, "due_at": due_at(held, steps, 0)}
        connection.execute(insert(escalations).values(row))


def forget(connection: Connection, held: Held) -> None:
    """It waits no more."""
    connection.execute(delete(escalations).where(escalations.c.hold == held.id))


def due_at(held: Held, steps: Sequence[EscalationStep], number: int) -> str:
    """When a step is due. What the rule says is when the first is; those after it keep their distance."""
    after = seconds_of(steps[number].after)
    if held.escalate_s:
        after += held.escalate_s - seconds_of(steps[0].after)
    return text_of(moment_of(held.created_at) + timedelta(seconds=after))


def any_due(connection: Connection, now: str) -> bool:
    """Whether there is anything to do."""
    return (
        connection.execute(select(escalations.c.hold).where(escalations.c.due_at <= now).limit(1)).first() is not None
    )


def take_due(
    connection: Connection, steps: Sequence[EscalationStep], now: str
) -> list[tuple[Held, int, tuple[str, ...]]]:
    """The steps that are due, taken and recorded: (hold, number of the step from 1, whom it tells)."""
    connection.execute(select(tree.c.size).with_for_update()).one()  # as every writer: alone until the commit
    due = connection.execute(select(escalations).where(escalations.c.due_at <= now).limit(AT_ONCE)).all()
    names = [row.hold for row in due]
    rows = connection.execute(select(holds).where(holds.c.id.in_(names))).all()
    waiting = {one.id: one for one in with_verdicts(connection, rows) if _waits(one, now)}
    taken: list[tuple[Held, int, tuple[str, ...]]] = []
    for row in due:
        held, number = waiting.get(row.hold), row.step
        if held is not None and number < len(steps):
            taken.append((held, number + 1, steps[number].to))
        this = escalations.c.hold == row.hold
        if held is None or number + 1 >= len(steps):
            connection.execute(delete(escalations).where(this))
        else:
            next_at = due_at(held, steps, number + 1)
            connection.execute(update(escalations).where(this).values(step=number + 1, due_at=next_at))
    if taken:
        write_entries(connection, [_record(held, number, to, now) for held, number, to in taken])
    return taken


def _waits(held: Held, now: str) -> bool:
    return held.state is State.WAITING and now < held.hold.expires_at


def _record(held: Held, number: int, to: Sequence[str], now: str) -> Entry:
    return Entry.of(
        {
            "kind": "action.escalated",
            "id": f"{held.id}.escalated.{number}",
            "time": now,
            "hold": held.id,
            "decision": held.decision,
            "system": held.system,
            "session": held.subject.session,
            "step": number,
            "to": list(to),
        }
    )
