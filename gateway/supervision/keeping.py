"""The rows of held actions, within a transaction of `waiting`'s. *Edge*: the store. Decides nothing.

Each function is given the connection of a transaction that began with `begin`, which locks the tree's row: whoever holds
that lock is alone, in every process, until the commit.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, or_, select, update

from gateway.audit import Entry, write_entries
from gateway.errors import Message, Refusal
from gateway.storage.sealing import Seal
from gateway.storage.tables import halts, holds, shown, signals, tree, verdicts
from gateway.supervision.actions import Action
from gateway.supervision.held import Content, Held, Proposal, Verdict, held_of, packed, row_of
from gateway.supervision.holds import Hold, State
from gateway.supervision.scopes import Halt, Scope

LIVE = (State.WAITING.value, State.APPROVED.value)
DESTROYED: Mapping[str, None] = {"wrapped": None, "sealed": None, "edited": None}
Also = Callable[[Connection, Held, str], None]


class Keeping:
    """`also` runs in the transaction of each change, with what happened: `held`, or the new state."""

    def __init__(self, seal: Seal, also: Also | None) -> None:
        self._seal, self._also = seal, also

    def insert(self, connection: Connection, one: Proposal, change: int, now: str, entries: list[Entry]) -> Held:
        """A new hold; its record is added to `entries`."""
        name = f"a-{secrets.token_hex(12)}"
        expires_at = text_of(moment_of(now) + timedelta(seconds=one.expires_s))
        wrapped = self._seal.new_key(name)
        sealed = self._seal.close(name, wrapped, "proposed", packed(one.action, one.masked, one.keep))
        row = row_of(name, one, now, expires_at, change)
        connection.execute(insert(holds).values(**row, wrapped=wrapped, sealed=sealed))
        held = self.one(connection, name)
        what = {
            "tool": one.action.tool, "sha256": one.action.sha256, "entities": dict(one.entities), "door": one.door,
            "requester": one.requester, "rule": one.rule, "code": one.code, "policy": one.policy,
            "approvals_needed": one.approvals, "expires_at": expires_at,
        }  # fmt: skip
        entries.append(_record(held, change, now, "held", what))
        if self._also is not None:
            self._also(connection, held, "held")
        return held

    def joined_again(self, connection: Connection, held: Held, change: int) -> Held:
        """Somebody else waits for the hold now: marked, so that whoever waited before does not cancel it."""
        connection.execute(update(holds).where(holds.c.id == held.id).values(change=change, joined=change))
        return replace(held, change=change, joined=change)

    def one(self, connection: Connection, name: str) -> Held:
        """A hold. Raises a 404 `Refusal`."""
        row = connection.execute(select(holds).where(holds.c.id == name)).first()
        if row is None:
            raise _unknown()
        return with_verdicts(connection, [row])[0]

    def content(self, connection: Connection, name: str) -> Content | None:
        """What was sealed, or None once it is destroyed. Raises a 404 `Refusal`, or `Unreadable`."""
        columns = select(holds.c.wrapped, holds.c.sealed, holds.c.edited)
        row = connection.execute(columns.where(holds.c.id == name)).first()
        if row is None:
            raise _unknown()
        if row.wrapped is None:
            return None
        edited = None if row.edited is None else self._seal.open(name, row.wrapped, "edited", row.edited)
        return Content.of(self._seal.open(name, row.wrapped, "proposed", row.sealed), edited)

    def live_content(self, connection: Connection, name: str) -> Content:
        """The content of a hold that is not over."""
        content = self.content(connection, name)
        if content is None:
            raise RuntimeError("a live hold without content")
        return content

    def change(
        self, connection: Connection, held: Held, after: Hold, change: int, now: str, what: str,
        more: Mapping[str, Any], entries: list[Entry] | None = None,
    ) -> Held:  # fmt: skip
        """The hold as it is `after`, and its record: `action.{what}`, with `more`; written, or added to `entries`."""
        columns: dict[str, Any] = {}
        if after.state is State.RELEASED:  # whoever released it has the content, and nobody needs it any more
            columns = {"delivered_at": now, **DESTROYED}
        if after.state is State.CANCELLED:
            columns = {"ended_because": more["because"], "halt": more.get("halt", "")}
        moved = connection.execute(
            update(holds)
            .where(holds.c.id == held.id, holds.c.state == held.state.value, holds.c.change == held.change)
            .values(
                state=after.state.value, approved_sha256=after.approved_sha256, change=change, changed_at=now,
                **columns,
            )
        )  # fmt: skip
        if moved.rowcount != 1:  # cannot be, under the lock: better no change than a lost one
            raise RuntimeError("a hold changed under the lock")
        changed = self.one(connection, held.id)
        entry = _record(changed, change, now, what, {**more, "state": after.state.value})
        if entries is None:
            write_entries(connection, [entry])
        else:
            entries.append(entry)
        if self._also is not None:
            self._also(connection, changed, after.state.value)
        return changed

    def verdict(
        self, connection: Connection, held: Held, person: str, verdict: str, sha256: str, said: str, now: str
    ) -> str | None:
        """What a person said; when they were first shown the hold. An edit makes the approvals before it count no more."""
        at = connection.execute(select(shown.c.at).where(shown.c.hold == held.id, shown.c.person == person)).scalar()
        if verdict == "edited":
            connection.execute(update(verdicts).where(verdicts.c.hold == held.id).values(counts=0))
        connection.execute(
            insert(verdicts).values(
                hold=held.id, number=len(held.verdicts), person=person, verdict=verdict, at=now, sha256=sha256,
                counts=int(verdict != "denied"), said=said, shown_at=at,
            )
        )  # fmt: skip
        return at

    def keep_edited(self, connection: Connection, name: str, action: Action, masked: Any) -> None:
        """The action as a person edited it, sealed beside the one that was proposed."""
        wrapped = connection.execute(select(holds.c.wrapped).where(holds.c.id == name)).scalar_one()
        sealed = self._seal.close(name, wrapped, "edited", packed(action, masked))
        connection.execute(update(holds).where(holds.c.id == name).values(edited=sealed))


def begin(connection: Connection, changes: int = 1) -> int:
    """Take the turn, and numbers for the changes that are to be made in it: the last of them."""
    connection.execute(select(tree.c.size).with_for_update()).one()
    return next_change(connection, changes)


def next_change(connection: Connection, changes: int = 1) -> int:
    """The number of one more change in the same turn, or of the last of several more."""
    connection.execute(update(signals).values(held=signals.c.held + changes))
    return int(connection.execute(select(signals.c.held)).scalar_one())


def halts_of(connection: Connection, *, since: str = "") -> list[Halt]:
    """The halts in force and, with `since`, those raised from then on, lifted or not."""
    wanted = halts.c.lifted_at.is_(None)
    rows = connection.execute(select(halts).where(or_(wanted, halts.c.raised_at >= since) if since else wanted))
    return [
        Halt(row.id, Scope.parse(row.scope), row.reason, row.raised_by, row.raised_at, bool(row.drill)) for row in rows
    ]


def joined(join_key: str, since: str) -> Sequence[ColumnElement[bool]]:
    """Holds of this key that a retry joins: live, or refused since `since` and not yet told to anybody. What was cancelled
    has no answer to give: whoever comes again asks anew.
    """
    refused = holds.c.state.in_((State.DENIED.value, State.EXPIRED.value))
    undelivered = refused & holds.c.delivered_at.is_(None) & (holds.c.changed_at > since) & holds.c.wrapped.is_not(None)
    return holds.c.join_key == join_key, or_(holds.c.state.in_(LIVE), undelivered)


def with_verdicts(connection: Connection, rows: Sequence[Row[Any]]) -> tuple[Held, ...]:
    """Rows of `holds`, with what people said of each."""
    found: dict[str, list[Verdict]] = {}
    names = [row.id for row in rows if row.state != State.WAITING.value or row.approvals_needed > 1]
    for at in range(0, len(names), 500):
        query = select(verdicts).where(verdicts.c.hold.in_(names[at : at + 500])).order_by(verdicts.c.number)
        for one in connection.execute(query):
            verdict = Verdict(one.person, one.verdict, one.at, one.sha256, bool(one.counts), one.said, one.shown_at)
            found.setdefault(one.hold, []).append(verdict)
    return tuple(held_of(row, tuple(found.get(row.id, ()))) for row in rows)


def join_key_of(key: bytes, system: str, session: str, request: bytes) -> str:
    """A keyed hash of what a retry repeats: who asks, in which session, and the canonical body."""
    parts = b"\0".join([system.encode(), session.encode("utf-8", "replace"), request])
    return hmac.digest(key, b"join\0" + parts, hashlib.sha256).hex()


def moment_of(text: str) -> datetime:
    """The inverse of `text_of`."""
    return datetime.fromisoformat(text)


def text_of(moment: datetime) -> str:
    """RFC 3339, UTC, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _record(held: Held, change: int, now: str, what: str, more: Mapping[str, Any]) -> Entry:
    return Entry.of(
        {
            "kind": f"action.{what}",
            "id": f"{held.id}.{what}.{change}",
            "time": now,
            "hold": held.id,
            "decision": held.decision,
            "system": held.system,
            "session": held.subject.session,
            **more,
        }
    )


def _unknown() -> Refusal:
    return Refusal(
        Message("Il n'y a pas d'action retenue de ce nom.", "There is no held action of this name."),
        Message("«\u00a0vigie holds\u00a0» les montre.", "'vigie holds' shows them."),
        code="unknown_hold",
        status=404,
    )
