"""Destroying content: on request, and when its retention ends. *Edge*: two stores.

In three steps, each of which may be cut and is taken up again by the next sweep, of any process:

1. in one transaction, unless a legal hold covers it, the content is marked: from then on nobody reads it;
2. its keys are erased from the keys' database (`KeyStore.destroy`);
3. in one transaction, the ledger says so (`content.destroyed`) and the ciphertext is dropped.

So the ledger never says that something is destroyed while its key is there. Its own records stay as they are: they hold the
hash of the ciphertext and nothing else of it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Text, and_, cast, func, or_, select, true, update

from gateway.audit import Entry, time_text, write_entries
from gateway.content.holding import in_force, lock, under_hold
from gateway.content.keeping import SHOWN, kept_of, unknown_content
from gateway.content.keys import KeyStore, Name
from gateway.content.parts import Part
from gateway.errors import Fault, Message, Refusal
from gateway.storage import Store, StoreUnavailable
from gateway.storage.tables import contents, records

SCHEDULE = "schedule"
AT_ONCE = 200
SETTLED = timedelta(hours=1)
LOOK_BACK = timedelta(days=2)
LEFT_OVER = timedelta(days=1)


class DestructionUnfinished(Fault):
    """The content is marked, so that nobody reads it, and its key could not be erased yet. The sweeper goes on."""

    code = "destruction_unfinished"


class Destruction:
    """Thread-safe; calls into both stores, so call it from a thread. Methods raise `StoreUnavailable`."""

    def __init__(self, store: Store, keys: KeyStore, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store, self._keys, self._clock = store, keys, clock
        self._looked_until = clock() - LOOK_BACK
        self._looked_for_returned = False

    def destroy(self, decision: str, by: str, why: str) -> None:
        """Destroy what was kept of a decision. Raises a 404, 409 or 410 `Refusal`, or `DestructionUnfinished`."""
        with self._store.write() as connection:
            lock(connection)
            kept = kept_of(connection, decision)
            if not kept:
                raise unknown_content()
            if all(one.destroyed_at is not None for one in kept):
                raise _already()
            for hold in in_force(connection):
                if hold.covers(decision, kept[0].system):
                    raise under_hold(hold)
            self._mark(connection, contents.c.decision == decision, by, why)
        try:
            self._finish()
        except StoreUnavailable as error:
            raise _unfinished(error) from None

    def sweep(self, days: Mapping[tuple[str, Part], int]) -> int:
        """Destroy what is due, and finish what was cut; how many parts. `days`: what entries say now.

        A retention that was made shorter since something was kept counts for it too; a longer one does not.
        """
        now = self._clock()
        due = contents.c.due_at <= time_text(now)
        shorter = [
            and_(
                contents.c.system == system,
                contents.c.part == part.value,
                contents.c.kept_at <= time_text(now - timedelta(days=number)),
            )
            for (system, part), number in days.items()
        ]
        self._mark_all(or_(due, *shorter), "retention")
        settled = now - SETTLED
        self._mark_all(self._unrecorded(self._looked_until, settled), "unrecorded")
        done = self._finish()
        self._looked_until = settled
        self._forget_left_over(now - LEFT_OVER)
        if not self._looked_for_returned:
            self._forget_returned()
            self._looked_for_returned = True
        return done

    # ── the steps

    def _mark_all(self, which: ColumnElement[bool], why: str) -> None:
        """Mark by schedule, a few at a time so that calls have their turns."""
        with self._store.read() as connection:
            if connection.execute(select(contents.c.decision).where(_live(), which).limit(1)).first() is None:
                return
        while True:
            with self._store.write() as connection:
                lock(connection)
                free = which & _not_held(connection)
                chosen = select(contents.c.decision, contents.c.part).where(_live(), free).limit(AT_ONCE)
                names = connection.execute(chosen).all()
                for row in names:
                    one = and_(contents.c.decision == row.decision, contents.c.part == row.part)
                    self._mark(connection, one, SCHEDULE, why)
            if len(names) < AT_ONCE:
                return

    def _mark(self, connection: Connection, which: ColumnElement[bool], by: str, why: str) -> None:
        marked = {"destroy_by": by, "destroy_why": why, "destroy_at": time_text(self._clock())}
        connection.execute(update(contents).where(_live(), which).values(**marked))

    def _finish(self) -> int:
        """Steps 2 and 3 for everything that is marked."""
        marked = contents.c.destroy_at.is_not(None) & contents.c.destroyed_at.is_(None)
        chosen = select(contents.c.decision, contents.c.part).where(marked).order_by(contents.c.decision)
        with self._store.read() as connection:
            names: list[Name] = [(row.decision, row.part) for row in connection.execute(chosen)]
        if not names:
            return 0
        self._keys.destroy(names)
        for at in range(0, len(names), AT_ONCE):
            decisions = sorted({decision for decision, _ in names[at : at + AT_ONCE]})
            self._settle(decisions, set(names))
        return len(names)

    def _settle(self, decisions: Sequence[str], erased: set[Name]) -> None:
        """Step 3, for parts whose keys are gone; another process may have been first."""
        with self._store.write() as connection:
            lock(connection)
            still = contents.c.decision.in_(decisions) & contents.c.destroyed_at.is_(None)
            rows = connection.execute(select(*SHOWN).where(still).order_by(contents.c.decision, contents.c.part)).all()
            rows = [row for row in rows if (row.decision, row.part) in erased]
            now = time_text(self._clock())
            entries = []
            for decision, parts in groupby(rows, key=lambda row: row.decision):
                entries.append(_record(decision, list(parts), now))
            for row in rows:
                this = and_(contents.c.decision == row.decision, contents.c.part == row.part)
                connection.execute(update(contents).where(this).values(destroyed_at=now, sealed=None))
            if entries:
                write_entries(connection, entries)

    def _unrecorded(self, since: datetime, until: datetime) -> ColumnElement[bool]:
        """Content that no record of its call names: the call failed, or its client left, right then."""
        body = cast(records.c.body, Text) if self._store.embedded else func.convert_from(records.c.body, "UTF8")
        said = select(records.c.seq).where(
            records.c.decision == contents.c.decision,
            records.c.kind.in_(("call.opened", "call.closed")),
            body.contains(contents.c.sha256),
        )
        return contents.c.kept_at.between(time_text(since), time_text(until)) & ~said.exists()

    def _forget_left_over(self, before: datetime) -> None:
        """Erase keys of content that was never kept: what a call that failed in between has left."""
        names = self._keys.due(time_text(before), AT_ONCE)
        if not names:
            return
        decisions = [decision for decision, _ in names]
        chosen = select(contents.c.decision, contents.c.part).where(contents.c.decision.in_(decisions))
        with self._store.read() as connection:
            there = {(row.decision, row.part) for row in connection.execute(chosen)}
        left = [name for name in names if name not in there]
        if left:
            self._keys.destroy(left)

    def _forget_returned(self) -> None:
        """Erase keys of content that is destroyed: an older copy of their database was put back. Once, at the start."""
        last, returned = "", set[Name]()
        while names := self._keys.after(last, AT_ONCE):
            decisions = sorted({decision for decision, _ in names})
            gone = contents.c.decision.in_(decisions) & contents.c.destroyed_at.is_not(None)
            with self._store.read() as connection:
                chosen = connection.execute(select(contents.c.decision, contents.c.part).where(gone)).all()
            returned |= {(row.decision, row.part) for row in chosen} & set(names)
            last = decisions[-2] if len(names) == AT_ONCE else decisions[-1]  # a full page may have cut the last in two
        if returned:
            self._keys.destroy(sorted(returned))


def _live() -> ColumnElement[bool]:
    return contents.c.destroy_at.is_(None) & contents.c.destroyed_at.is_(None)


def _not_held(connection: Connection) -> ColumnElement[bool]:
    scopes = [hold.scope.partition(":") for hold in in_force(connection)]
    decisions = [name for kind, _, name in scopes if kind == "decision"]
    systems = [name for kind, _, name in scopes if kind == "system"]
    if not scopes:
        return true()
    return contents.c.decision.not_in(decisions) & contents.c.system.not_in(systems)


def _record(decision: str, parts: Sequence[Row[Any]], now: str) -> Entry:
    first = parts[0]
    return Entry.of(
        {
            "kind": "content.destroyed",
            "id": f"{decision}.destroyed.{secrets.token_hex(4)}",
            "time": now,
            "decision": decision,
            "system": first.system,
            "by": first.destroy_by,
            "why": first.destroy_why,
            "asked_at": first.destroy_at,
            "content": {row.part: {"sha256": row.sha256, "bytes": row.bytes, "kept_at": row.kept_at} for row in parts},
        }
    )


def _already() -> Refusal:
    return Refusal(
        Message("Ce contenu est déjà détruit.", "This content is destroyed already."),
        Message("Son certificat dit quand et pourquoi.", "Its certificate says when and why."),
        code="content_destroyed",
        status=410,
    )


def _unfinished(error: StoreUnavailable) -> DestructionUnfinished:
    return DestructionUnfinished(
        Message(
            f"Ce contenu n'est plus lisible, mais sa clé n'a pas encore pu être effacée. {error.message.fr}",
            f"This content can be read no more, but its key could not be erased yet. {error.message.en}",
        ),
        Message("La destruction reprend d'elle-même.", "The destruction goes on by itself."),
    )
