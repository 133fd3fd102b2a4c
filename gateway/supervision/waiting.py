"""Held actions: kept, decided, released once, ended. *Edge*: the store.

Every change is one transaction with its ledger record, and begins by locking the tree's row, as every writer does. So
two people, an expiry and a halt that come at the same instant are put in an order by the store, on SQLite as on
PostgreSQL, and the table in `holds` says of each in turn whether it still may happen. A halt that covers a hold, even one
that was raised and lifted while no gateway ran, cancels it at the latest when somebody touches it.

Times: the clock is asked in each transaction, and never goes back behind the hold's own last change. In the process that
made the hold, a monotonic clock runs as well: setting the machine's clock back prolongs nothing there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from gateway.audit import Entry, write_entries
from gateway.errors import Message, Refusal
from gateway.storage import Store
from gateway.storage.sealing import Seal
from gateway.storage.tables import holds, shown, signals
from gateway.supervision.held import Content, Held, Proposal, subject_of
from gateway.supervision.holds import Event, Hold, State, approve, happen, is_over
from gateway.supervision.keeping import (
    DESTROYED,
    LIVE,
    Also,
    Keeping,
    begin,
    halts_of,
    joined,
    next_change,
    text_of,
    with_verdicts,
)
from gateway.supervision.scopes import Halt, halted, stopping

MOST_WAITING = 20_000
GRACE_S = 120
AT_ONCE = 50
LONGEST_SAID = 2_000
Told = Callable[[Sequence[Held]], None]
Entries = list[Entry]


class Holds:
    """The held actions of an installation. Thread-safe; call it from a thread. Methods raise `StoreUnavailable`.

    `same_person` says whether a person is the requester that a hold names. `also` runs in the transaction of each change,
    with what happened (`held`, `approved`, `denied`…): notices are queued there.
    """

    def __init__(
        self,
        store: Store,
        seal: Seal,
        *,
        same_person: Callable[[str, str], bool] = lambda person, requester: person == requester,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        also: Also | None = None,
    ) -> None:
        self._store, self._kept, self._same_person = store, Keeping(seal, also), same_person
        self._clock, self._monotonic = clock, monotonic
        self._shown: set[tuple[str, str]] = set()
        self._deadlines: dict[str, float] = {}
        self._told: list[Told] = []

    def tell(self, told: Told) -> None:
        """Have `told` called, in the thread that changed them, with holds as they are after each change of this process."""
        self._told.append(told)

    # ── what doors do

    def hold(self, *proposals: Proposal, records: Sequence[Mapping[str, Any]] = ()) -> tuple[Held, ...]:
        """Hold actions, all or none; a proposal whose request is already held joins that hold. `records` go first.

        Raises a `Refusal`: `halted`, or `too_many_holds`.
        """
        with self._store.write() as connection:
            change = begin(connection)
            now = self._now()
            in_force = halts_of(connection)
            for one in proposals:
                halt = stopping(in_force, one.subject)
                if halt is not None:
                    raise halted(halt)
            waiting = connection.execute(select(func.count()).where(holds.c.state == State.WAITING.value)).scalar_one()
            if waiting + len(proposals) > MOST_WAITING:
                raise _too_many()
            entries = [Entry.of(record) for record in records]
            result = tuple(self._join_or_hold(connection, one, now, entries) for one in proposals)
            write_entries(connection, entries)
        for held, one in zip(result, proposals, strict=True):
            self._deadlines.setdefault(held.id, self._monotonic() + one.expires_s)
        self._tell([held for held in result if held.change > change])
        return result

    def joinable(self, join_key: str) -> tuple[Held, ...]:
        """The holds of an earlier request of this key that a retry joins, by position: live, or over and not delivered."""
        since = text_of(self._clock() - timedelta(seconds=GRACE_S))
        with self._store.read() as connection:
            rows = connection.execute(select(holds).where(*joined(join_key, since)).order_by(holds.c.position)).all()
            return with_verdicts(connection, rows)

    def release(self, name: str, sha256: str) -> Content:
        """The approved action, to be carried out now: used up, durably, when this returns. `sha256`: the one approved.

        Raises a `Refusal` (409, or `halted`) for anything but an approved, matching, unexpired hold that nobody released.
        """
        released: list[Content] = []

        def act(connection: Connection, held: Held, change: int, now: str) -> Held:
            if held.state is State.APPROVED and sha256 != held.hold.approved_sha256:
                raise _not_that_action()
            after = happen(held.hold, Event.RELEASE, now)
            content = self._kept.live_content(connection, name)
            if content.current.sha256 != held.hold.approved_sha256:
                raise _not_that_action()
            released.append(content)
            return self._kept.change(connection, held, after, change, now, "released", {"sha256": sha256})

        self._unless_halted(name, act)
        return released[0]

    def after_refusal(self, name: str) -> Held:
        """A hold that could not be released, as it is now: over in time, even if nobody had noticed yet."""
        self._end_each([name], self._expire)
        return self.get(name)

    def delivered(self, name: str) -> None:
        """Its requester was told how it ended: a retry joins it no more, and its content is destroyed."""
        with self._store.write() as connection:
            over = holds.c.state.not_in(LIVE)
            connection.execute(
                update(holds).where(holds.c.id == name, over).values(delivered_at=self._now(), **DESTROYED)
            )

    def cancel(self, name: str, because: str, *, unless_joined_after: int | None = None) -> Held | None:
        """Nobody waits for it any more (`client_left`…). Raises a 409 `Refusal` if it is over.

        `unless_joined_after`: a change; None comes back, and nothing is done, if somebody came to wait for it since.
        """
        with self._store.write() as connection:
            held, change, now = self._locked(connection, name)
            if unless_joined_after is not None and held.joined > unless_joined_after:
                return None
            after = happen(held.hold, Event.CANCEL, now)
            ended = self._kept.change(connection, held, after, change, now, "cancelled", {"because": because})
        self._tell([ended])
        return ended

    # ── what people do

    def approve(
        self, name: str, person: str, sha256: str, *, comment: str = "", edited: Any = None, edited_masked: Any = None
    ) -> Held:
        """`person` approves the action of this hash, or, with `edited`, the same tool with other arguments.

        Whether `person` may decide for the system is the caller's to check. Raises a `Refusal`: 403, 404 or 409.
        """

        def act(connection: Connection, held: Held, change: int, now: str) -> Held:
            action = None
            if edited is not None and not is_over(held.state):
                action = self._kept.live_content(connection, name).current.edited(edited)
            sha256_after = action.sha256 if action is not None else ""
            after = approve(self._as_seen_by(person, held.hold), person, sha256, now, edited_sha256=sha256_after)
            is_edit = action is not None and action.sha256 != held.current_sha256
            if is_edit and action is not None:
                self._kept.keep_edited(connection, name, action, edited_masked)
            verdict = "edited" if is_edit else "approved"
            shown_at = self._kept.verdict(connection, held, person, verdict, after.approved_sha256, comment, now)
            what = _said(person, "approved", after.approved_sha256, comment, len(after.approvers), edited=is_edit)
            what["shown_at"] = shown_at
            return self._kept.change(connection, held, after, change, now, "decided", what)

        return self._unless_halted(name, act)

    def deny(self, name: str, person: str, reason: str) -> Held:
        """`person` refuses. `reason` reaches the requester: findings masked by the caller. Raises a `Refusal`."""
        if not reason.strip() or len(reason) > LONGEST_SAID:
            raise _needs_reason()

        def act(connection: Connection, held: Held, change: int, now: str) -> Held:
            after = happen(held.hold, Event.DENY, now)
            shown_at = self._kept.verdict(connection, held, person, "denied", held.current_sha256, reason, now)
            what = _said(person, "denied", held.current_sha256, reason, len(after.approvers), edited=False)
            what["shown_at"] = shown_at
            return self._kept.change(connection, held, after, change, now, "decided", what)

        return self._unless_halted(name, act)

    def was_shown(self, names: Sequence[str], person: str) -> None:
        """These holds are before the eyes of `person` now; the first time counts."""
        names = [name for name in names if (name, person) not in self._shown]
        if not names:
            return
        with self._store.write() as connection:
            known = select(shown.c.hold).where(shown.c.person == person, shown.c.hold.in_(names))
            new = set(names) - set(connection.execute(known).scalars())
            if new:
                at = self._now()
                connection.execute(insert(shown), [{"hold": name, "person": person, "at": at} for name in sorted(new)])
        if len(self._shown) > MOST_WAITING:
            self._shown.clear()
        self._shown.update((name, person) for name in names)

    # ── what time and halts do

    def expire_due(self) -> Sequence[Held]:
        """End what nobody decided or released in time. At most `AT_ONCE`: call again while there are some."""
        now, ticks = self._now(), self._monotonic()
        overdue = [name for name, deadline in list(self._deadlines.items()) if ticks >= deadline][:AT_ONCE]
        due = (holds.c.state.in_(LIVE)) & ((holds.c.expires_at <= now) | holds.c.id.in_(overdue))
        with self._store.read() as connection:
            names = connection.execute(select(holds.c.id).where(due).limit(AT_ONCE)).scalars().all()
        for name in set(overdue) - set(names) if len(names) < AT_ONCE else ():
            self._deadlines.pop(name, None)  # over already, in another process
        return self._end_each(names, self._expire)

    def cancel_halted(self, in_force: Sequence[Halt]) -> int:
        """Cancel what the halts in force cover, a few at a time so that calls have their turns; how many."""
        if not in_force:
            return 0
        with self._store.read() as connection:
            rows = connection.execute(select(holds.c.id, holds.c.subject).where(holds.c.state.in_(LIVE))).all()
        struck = [row.id for row in rows if stopping(in_force, subject_of(row.subject)) is not None]
        cancelled = 0
        for at in range(0, len(struck), AT_ONCE):
            cancelled += len(self._end_each(struck[at : at + AT_ONCE], self._strike_one))
        return cancelled

    def destroy_old(self) -> int:
        """Destroy the content of what has been over for `GRACE_S`, told or not; how many."""
        before = text_of(self._clock() - timedelta(seconds=GRACE_S))
        old = (holds.c.state.not_in(LIVE)) & (holds.c.changed_at <= before) & holds.c.wrapped.is_not(None)
        with self._store.read() as connection:
            if connection.execute(select(holds.c.id).where(old).limit(1)).first() is None:
                return 0
        with self._store.write() as connection:
            return connection.execute(update(holds).where(old).values(**DESTROYED)).rowcount

    # ── looking

    def get(self, name: str) -> Held:
        """A hold. Raises a 404 `Refusal`."""
        with self._store.read() as connection:
            return self._kept.one(connection, name)

    def content(self, name: str) -> Content | None:
        """What was sealed, or None once it is destroyed. Raises `Unreadable`."""
        with self._store.read() as connection:
            return self._kept.content(connection, name)

    def contents(self, names: Sequence[str]) -> dict[str, Content]:
        """What was sealed of each that is not destroyed."""
        with self._store.read() as connection:
            found = ((name, self._kept.content(connection, name)) for name in names)
            return {name: content for name, content in found if content is not None}

    def since(self, created_at: str, systems: Sequence[str] | None = None) -> tuple[Held, ...]:
        """Holds made from then on, oldest first."""
        query = select(holds).where(holds.c.created_at >= created_at)
        if systems is not None:
            query = query.where(holds.c.system.in_(systems))
        with self._store.read() as connection:
            return with_verdicts(connection, connection.execute(query.order_by(holds.c.created_at)).all())

    def list(
        self, *, state: State | None = None, systems: Sequence[str] | None = None, session: str = "", limit: int = 100
    ) -> tuple[Held, ...]:
        """Holds, newest first; of `systems` only unless None. What waits: the one that expires first, first."""
        query = select(holds).limit(limit)
        if state is not None:
            query = query.where(holds.c.state == state.value)
        if systems is not None:
            query = query.where(holds.c.system.in_(systems))
        if session:
            query = query.where(holds.c.session == session)
        first = holds.c.expires_at if state is State.WAITING else holds.c.created_at.desc()
        with self._store.read() as connection:
            return with_verdicts(connection, connection.execute(query.order_by(first, holds.c.id)).all())

    def changed_since(self, change: int, limit: int = 1_000) -> tuple[Held, ...]:
        """Holds that changed after `change`, in that order."""
        query = select(holds).where(holds.c.change > change).order_by(holds.c.change, holds.c.id).limit(limit)
        with self._store.read() as connection:
            return with_verdicts(connection, connection.execute(query).all())

    def last_change(self) -> int:
        """The number of the newest change of any hold."""
        with self._store.read() as connection:
            return int(connection.execute(select(signals.c.held)).scalar_one())

    # ── within a transaction

    def _join_or_hold(self, connection: Connection, one: Proposal, now: str, entries: Entries) -> Held:
        if one.join_key:
            since = text_of(self._clock() - timedelta(seconds=GRACE_S))
            query = select(holds).where(*joined(one.join_key, since), holds.c.position == one.position)
            known = with_verdicts(connection, connection.execute(query).all())
            if known:
                return self._kept.joined_again(connection, known[0], next_change(connection))
        return self._kept.insert(connection, one, next_change(connection), now, entries)

    def _locked(self, connection: Connection, name: str) -> tuple[Held, int, str]:
        """The hold, in the transaction's turn: nobody else changes it before the commit. With its time."""
        change = begin(connection)
        held = self._kept.one(connection, name)
        return held, change, self._time_of(held)

    def _time_of(self, held: Held) -> str:
        now = max(self._now(), held.changed_at)
        deadline = self._deadlines.get(held.id)
        overdue = deadline is not None and self._monotonic() >= deadline
        return max(now, held.hold.expires_at) if overdue else now

    def _unless_halted(self, name: str, act: Callable[[Connection, Held, int, str], Held]) -> Held:
        """Do `act` in the hold's turn, or cancel it and raise if a halt covers it."""
        with self._store.write() as connection:
            held, change, now = self._locked(connection, name)
            halt = None if is_over(held.state) else self._struck_by(connection, held)
            if halt is not None:
                changed = self._strike(connection, held, halt, change, now)
            else:
                changed = act(connection, held, change, now)
        self._tell([changed])
        if halt is not None:
            raise halted(halt)
        return changed

    def _struck_by(self, connection: Connection, held: Held) -> Halt | None:
        """The halt that covers the hold: in force, or raised since the hold is there."""
        return stopping(halts_of(connection, since=held.created_at), held.subject)

    def _strike(
        self, connection: Connection, held: Held, halt: Halt, change: int, now: str, entries: Entries | None = None
    ) -> Held:
        after = happen(held.hold, Event.CANCEL, now)
        what = {"because": "halt", "halt": halt.id}
        return self._kept.change(connection, held, after, change, now, "cancelled", what, entries)

    def _strike_one(self, connection: Connection, held: Held, change: int, entries: Entries) -> Held | None:
        halt = self._struck_by(connection, held)
        return None if halt is None else self._strike(connection, held, halt, change, self._time_of(held), entries)

    def _expire(self, connection: Connection, held: Held, change: int, entries: Entries) -> Held | None:
        now = self._time_of(held)
        if now < held.hold.expires_at:
            return None
        after = happen(held.hold, Event.EXPIRE, now)
        return self._kept.change(connection, held, after, change, now, "expired", {"was": held.state.value}, entries)

    def _end_each(
        self, names: Sequence[str], end: Callable[[Connection, Held, int, Entries], Held | None]
    ) -> Sequence[Held]:
        """End those of the holds that are not over yet, in one turn."""
        if not names:
            return []
        ended: list[Held] = []
        entries: Entries = []
        with self._store.write() as connection:
            first = begin(connection, len(names)) - len(names) + 1
            for number, name in enumerate(names):
                held = self._kept.one(connection, name)
                after = None if is_over(held.state) else end(connection, held, first + number, entries)
                if after is not None:
                    ended.append(after)
            if entries:
                write_entries(connection, entries)
        self._tell(ended)
        return ended

    # ── small things

    def _as_seen_by(self, person: str, hold: Hold) -> Hold:
        return replace(hold, requester=person) if self._same_person(person, hold.requester) else hold

    def _tell(self, changed: Sequence[Held]) -> None:
        for one in changed:
            if is_over(one.state):
                self._deadlines.pop(one.id, None)
        for told in self._told if changed else ():
            told(changed)

    def _now(self) -> str:
        return text_of(self._clock())


def _said(person: str, verdict: str, sha256: str, said: str, approvals: int, *, edited: bool) -> dict[str, Any]:
    """A person's verdict as it stands in a record."""
    return {
        "by": person, "verdict": verdict, "sha256": sha256, "said": said, "approvals": approvals, "edited": edited,
    }  # fmt: skip


def _too_many() -> Refusal:
    return Refusal(
        Message("Trop d'actions attendent déjà une décision.", "Too many actions wait for a decision already."),
        Message("Réessayer plus tard.", "Retry later."),
        code="too_many_holds",
        status=429,
    )


def _not_that_action() -> Refusal:
    return Refusal(
        Message("Ce n'est pas l'action qui a été approuvée.", "This is not the action that was approved."),
        code="action_changed",
        status=409,
    )


def _needs_reason() -> Refusal:
    return Refusal(
        Message(
            "Il faut une raison, d'au plus 2\u00a0000 caractères.", "A reason is needed, of at most 2,000 characters."
        ),
        code="reason_needed",
        status=400,
        param="reason",
    )
