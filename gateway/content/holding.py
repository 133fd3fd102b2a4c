"""Legal holds: what may not be destroyed, whatever its retention says. *Edge*: the store.

A hold is on a decision's content or on a system's, what it keeps from then on included. Placing one and destroying what it
covers both begin by locking the tree's row, so the store puts them in an order: a hold that was placed first is obeyed, and
one that comes after a destruction began is refused.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from gateway.audit import Entry, time_text, write_entries
from gateway.content.keeping import kept_of, unknown_content
from gateway.errors import Message, Refusal
from gateway.storage import Store
from gateway.storage.tables import legal_holds, tree


@dataclass(frozen=True, slots=True)
class LegalHold:
    """One of them. `scope`: `decision:ID` or `system:ID`."""

    id: str
    scope: str
    reason: str
    placed_by: str
    placed_at: str
    released_by: str | None = None
    released_at: str | None = None
    release_reason: str | None = None

    def covers(self, decision: str, system: str) -> bool:
        """Whether a decision of a system is under it."""
        return self.scope in (f"decision:{decision}", f"system:{system}")

    def as_json(self) -> dict[str, Any]:
        """For a program."""
        return {
            "id": self.id,
            "object": "legal_hold",
            "state": "in_force" if self.released_at is None else "released",
            "scope": self.scope,
            "reason": self.reason,
            "placed_by": self.placed_by,
            "placed_at": self.placed_at,
            "released_by": self.released_by,
            "released_at": self.released_at,
            "release_reason": self.release_reason,
        }


class LegalHolds:
    """The legal holds of an installation. Thread-safe. Methods raise `StoreUnavailable`."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store, self._clock = store, clock

    def place(self, scope: str, by: str, reason: str, systems: Iterable[str]) -> LegalHold:
        """From here on nothing of `scope` is destroyed. `systems`: those of the register. Raises a 400, 404 or 410 `Refusal`."""
        kind, _, name = scope.partition(":")
        if kind not in ("decision", "system") or not name:
            raise _bad_scope()
        with self._store.write() as connection:
            lock(connection)
            system = self._system_of(connection, name) if kind == "decision" else name
            if kind == "system" and system not in systems:
                raise _unknown_system()
            hold = LegalHold(f"l-{secrets.token_hex(6)}", scope, reason, by, time_text(self._clock()))
            connection.execute(
                insert(legal_holds).values(
                    id=hold.id, scope=scope, reason=reason, placed_by=by, placed_at=hold.placed_at
                )
            )
            decision = name if kind == "decision" else ""
            _record(connection, "held", hold, decision, system, by, reason, hold.placed_at)
        return hold

    def release(self, name: str, by: str, reason: str) -> LegalHold:
        """What it covered may be destroyed again, if its retention has ended. Raises a 404 or 409 `Refusal`."""
        with self._store.write() as connection:
            lock(connection)
            row = connection.execute(select(legal_holds).where(legal_holds.c.id == name)).first()
            if row is None:
                raise _unknown_hold()
            hold = _hold(row)
            if hold.released_at is not None:
                raise _released(hold)
            now = time_text(self._clock())
            connection.execute(
                update(legal_holds)
                .where(legal_holds.c.id == name)
                .values(released_by=by, released_at=now, release_reason=reason)
            )
            kind, _, of = hold.scope.partition(":")
            decision = of if kind == "decision" else ""
            system = next((one.system for one in kept_of(connection, of)), "") if decision else of
            _record(connection, "released", hold, decision, system, by, reason, now)
        return LegalHold(hold.id, hold.scope, hold.reason, hold.placed_by, hold.placed_at, by, now, reason)

    def list(self) -> list[LegalHold]:
        """All of them, newest first."""
        with self._store.read() as connection:
            rows = connection.execute(select(legal_holds).order_by(legal_holds.c.placed_at.desc())).all()
        return [_hold(row) for row in rows]

    def _system_of(self, connection: Connection, decision: str) -> str:
        kept = kept_of(connection, decision)
        if not kept:
            raise unknown_content()
        if all(one.destroy_at is not None for one in kept):
            raise _too_late()
        return kept[0].system


def lock(connection: Connection) -> None:
    """Be alone, in every process, until the commit."""
    connection.execute(select(tree.c.size).with_for_update()).one()


def in_force(connection: Connection) -> list[LegalHold]:
    """The holds that forbid destroying something now."""
    return [_hold(row) for row in connection.execute(select(legal_holds).where(legal_holds.c.released_at.is_(None)))]


def under_hold(hold: LegalHold) -> Refusal:
    """409: what was to be destroyed is under a hold; says which, since when and why."""
    since = hold.placed_at[:10]
    return Refusal(
        Message(
            f"Ce contenu est retenu depuis le {since} (retenue légale {hold.id}, {hold.scope})\u00a0: {hold.reason}",
            f"This content has been held since {since} (legal hold {hold.id}, {hold.scope}): {hold.reason}",
        ),
        Message(
            f"Pour la lever\u00a0: «\u00a0vigie content release {hold.id}\u00a0».",
            f"To release it: 'vigie content release {hold.id}'.",
        ),
        code="legal_hold",
        status=409,
    )


def _record(
    connection: Connection, what: str, hold: LegalHold, decision: str, system: str, by: str, why: str, now: str
) -> None:
    record = {
        "kind": f"content.{what}",
        "id": f"{hold.id}.{what}",
        "time": now,
        "decision": decision,
        "system": system,
        "legal_hold": hold.id,
        "scope": hold.scope,
        "by": by,
        "why": why,
    }
    write_entries(connection, [Entry.of(record)])


def _hold(row: Row[Any]) -> LegalHold:
    return LegalHold(
        row.id, row.scope, row.reason, row.placed_by, row.placed_at, row.released_by, row.released_at,
        row.release_reason,
    )  # fmt: skip


def _bad_scope() -> Refusal:
    return Refusal(
        Message("La portée d'une retenue légale n'est pas claire.", "The scope of a legal hold is not clear."),
        Message("Écrire decision:ID ou system:ID.", "Write decision:ID or system:ID."),
        code="invalid_request",
        status=400,
        param="scope",
    )


def _unknown_system() -> Refusal:
    return Refusal(
        Message("Ce système n'est pas au registre.", "This system is not in the register."),
        Message("Voir register.yaml.", "See register.yaml."),
        code="unknown_system",
        status=404,
        param="scope",
    )


def _unknown_hold() -> Refusal:
    return Refusal(
        Message("Il n'y a pas de retenue légale de ce nom.", "There is no legal hold of this name."),
        Message("«\u00a0vigie content holds\u00a0» les montre.", "'vigie content holds' shows them."),
        code="unknown_legal_hold",
        status=404,
    )


def _released(hold: LegalHold) -> Refusal:
    return Refusal(
        Message(
            f"Cette retenue légale est déjà levée, par {hold.released_by}.",
            f"This legal hold was released already, by {hold.released_by}.",
        ),
        code="already_released",
        status=409,
    )


def _too_late() -> Refusal:
    return Refusal(
        Message("Ce contenu est détruit, ou sur le point de l'être.", "This content is destroyed, or about to be."),
        Message("Son certificat dit quand et pourquoi.", "Its certificate says when and why."),
        code="content_destroyed",
        status=410,
    )
