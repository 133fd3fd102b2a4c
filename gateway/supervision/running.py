"""Calls under way in this process, so that a halt can cut them. *Edge* in name only: memory of the event loop's thread.

A call that is cut is cancelled where it waits; it then finds in its `Ticket` that a halt did it, records that, and says
so to its client.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.supervision.scopes import Halt, Subject, stopping


@dataclass(slots=True, eq=False)
class Ticket:
    """One call under way. `subject` grows as more is known of it; `halt` is what cut it, or None."""

    subject: Subject
    task: asyncio.Task[object]
    halt: Halt | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def cut(self, halt: Halt) -> None:
        """Stop the call."""
        self.halt = halt
        self.task.cancel()

    def came_back(self) -> None:
        """The cancellation was this halt's, and has been dealt with: the task may go on to say so."""
        self.task.uncancel()


class Running:
    """The calls under way in this process."""

    def __init__(self) -> None:
        self._tickets: set[Ticket] = set()

    def __len__(self) -> int:
        return len(self._tickets)

    def enter(self, subject: Subject) -> Ticket:
        """A call begins, in the current task. The caller gives the ticket to `leave`."""
        task = asyncio.current_task()
        assert task is not None
        ticket = Ticket(subject, task)
        self._tickets.add(ticket)
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """The call is over: nothing more of it goes to its client."""
        self._tickets.discard(ticket)
        ticket.over.set()

    def cut(self, halts: Sequence[Halt]) -> dict[Halt, list[Ticket]]:
        """Cut every call that one of `halts` stops, once; those that were, by halt."""
        struck: dict[Halt, list[Ticket]] = {}
        for ticket in list(self._tickets):
            halt = stopping(halts, ticket.subject) if ticket.halt is None else None
            if halt is not None:
                ticket.cut(halt)
                struck.setdefault(halt, []).append(ticket)
        return struck
