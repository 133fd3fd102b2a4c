"""Halts: raised, lifted, known everywhere. *Edge*: the store, and the memory of one process.

A halt and its record are one transaction, which also raises the epoch that every later record is committed under. So:

* a call whose opening record is committed after a halt sees a newer epoch, and looks at the halts before a byte leaves;
* calls already under way are cut by whoever polls the epoch (`refresh`), in every process, within the poll's period;
* a process that starts reads the halts before it answers anything.

Whoever has the role may halt alone. Lifting takes another person, and a reason.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from gateway.audit import Entry, now_text, write_entries
from gateway.errors import Message, Refusal
from gateway.storage import Store
from gateway.storage.tables import halts, signals, tree
from gateway.supervision.scopes import Halt, Scope, Subject, stopping

MOST_IN_FORCE = 1_000


@dataclass(frozen=True, slots=True)
class HaltEntry:
    """A halt as it can be shown, lifted or not."""

    halt: Halt
    lifted_by: str | None
    lifted_at: str | None
    lift_reason: str | None

    def as_json(self) -> dict[str, Any]:
        """For a program."""
        return {
            "id": self.halt.id,
            "object": "halt",
            "state": "in_force" if self.lifted_at is None else "lifted",
            "scope": str(self.halt.scope),
            "reason": self.halt.reason,
            "raised_by": self.halt.raised_by,
            "raised_at": self.halt.raised_at,
            "drill": self.halt.drill,
            "lifted_by": self.lifted_by,
            "lifted_at": self.lifted_at,
            "lift_reason": self.lift_reason,
        }


class Halts:
    """The halts of an installation. `stops` answers from memory, as of the last `refresh`."""

    def __init__(self, store: Store, now: Callable[[], str] = now_text) -> None:
        self._store, self._now = store, now
        self._in_force: tuple[Halt, ...] = ()
        self._epoch = 0
        self._told: list[Callable[[tuple[Halt, ...]], None]] = []

    def stops(self, subject: Subject) -> Halt | None:
        """The halt that stops `subject`, or None."""
        return stopping(self._in_force, subject) if self._in_force else None

    @property
    def in_force(self) -> tuple[Halt, ...]:
        """The halts in force, as of the last `refresh`."""
        return self._in_force

    def tell(self, told: Callable[[tuple[Halt, ...]], None]) -> None:
        """Have `told` called, on the event loop, with the halts in force whenever they change."""
        self._told.append(told)

    async def refresh(self, epoch: int) -> None:
        """Read the halts again unless they are known as of `epoch`. Raises `StoreUnavailable`."""
        if self._epoch == 0 or self._epoch < epoch:
            known, in_force = await asyncio.to_thread(self._read)
            self._adopt(known, in_force)

    async def poll(self) -> None:
        """Look whether anything changed. Raises `StoreUnavailable`."""
        await self.refresh(await asyncio.to_thread(self._current_epoch))

    # ── what people do

    def raise_now(self, scope: Scope, reason: str, by: str, *, drill: bool = False) -> Halt:
        """Stop `scope`. Durable, recorded and seen by every process when it returns or soon after."""
        _needs_reason(reason)
        halt = Halt(f"h-{secrets.token_hex(6)}", scope, reason.strip(), by, self._now(), drill)
        with self._store.write() as connection:
            connection.execute(select(tree.c.size).with_for_update()).one()
            in_force = connection.execute(select(halts.c.id).where(halts.c.lifted_at.is_(None))).all()
            if len(in_force) >= MOST_IN_FORCE:
                raise Refusal(
                    Message("Trop d'arrêts sont en vigueur.", "Too many halts are in force."),
                    Message("Arrêter tout\u00a0: portée all.", "Halt everything: scope all."),
                    code="too_many_halts",
                )
            connection.execute(
                insert(halts).values(
                    id=halt.id, scope=str(scope), reason=halt.reason, raised_by=by, raised_at=halt.raised_at,
                    drill=int(drill),
                )
            )  # fmt: skip
            record = {"scope": str(scope), "reason": halt.reason, "by": by, "drill": drill}
            _record(connection, "halt.raised", halt.id, halt.raised_at, record)
        return halt

    def lift_now(self, name: str, by: str, reason: str) -> HaltEntry:
        """Lift a halt. Raises a `Refusal` unless `by` is another person than who raised it, and gives a reason."""
        _needs_reason(reason)
        with self._store.write() as connection:
            connection.execute(select(tree.c.size).with_for_update()).one()
            row = connection.execute(select(halts).where(halts.c.id == name)).first()
            if row is None:
                raise _unknown(name)
            if row.lifted_at is not None:
                raise Refusal(
                    Message("Cet arrêt est déjà levé.", "This halt is already lifted."),
                    code="halt_already_lifted",
                    status=409,
                )
            if row.raised_by == by:
                raise Refusal(
                    Message(
                        "La reprise revient à une autre personne que celle qui a arrêté.",
                        "Resuming takes another person than the one who halted.",
                    ),
                    Message("Demander à une autre personne habilitée.", "Ask another authorised person."),
                    code="same_person",
                )
            lifted_at = self._now()
            connection.execute(
                update(halts)
                .where(halts.c.id == name)
                .values(lifted_by=by, lifted_at=lifted_at, lift_reason=reason.strip())
            )
            _record(
                connection, "halt.lifted", name, lifted_at, {"scope": row.scope, "reason": reason.strip(), "by": by}
            )
            return _entry(connection.execute(select(halts).where(halts.c.id == name)).one())

    def list(self) -> list[HaltEntry]:
        """Every halt, newest first."""
        with self._store.read() as connection:
            rows = connection.execute(select(halts).order_by(halts.c.raised_at.desc(), halts.c.id)).all()
        return [_entry(row) for row in rows]

    # ── memory

    def _current_epoch(self) -> int:
        with self._store.read() as connection:
            return int(connection.execute(select(signals.c.epoch)).scalar_one())

    def _read(self) -> tuple[int, tuple[Halt, ...]]:
        with self._store.read() as connection:
            epoch = int(connection.execute(select(signals.c.epoch)).scalar_one())
            rows = connection.execute(select(halts).where(halts.c.lifted_at.is_(None)).order_by(halts.c.raised_at))
            return epoch, tuple(_entry(row).halt for row in rows)

    def _adopt(self, epoch: int, in_force: tuple[Halt, ...]) -> None:
        if epoch < self._epoch:  # another read was faster and saw more
            return
        changed, self._epoch, self._in_force = in_force != self._in_force, epoch, in_force
        if changed:
            for told in self._told:
                told(in_force)


def _record(connection: Connection, kind: str, halt: str, time: str, what: dict[str, Any]) -> None:
    connection.execute(update(signals).values(epoch=signals.c.epoch + 1))
    record = {"kind": kind, "id": f"{halt}.{kind.removeprefix('halt.')}", "time": time, "halt": halt, **what}
    write_entries(connection, [Entry.of(record)])


def _entry(row: Row[Any]) -> HaltEntry:
    halt = Halt(row.id, Scope.parse(row.scope), row.reason, row.raised_by, row.raised_at, bool(row.drill))
    return HaltEntry(halt, row.lifted_by, row.lifted_at, row.lift_reason)


def _needs_reason(reason: str) -> None:
    if not reason.strip() or len(reason) > 1_000:
        raise Refusal(
            Message(
                "Il faut une raison, d'au plus 1\u00a0000 caractères.",
                "A reason is needed, of at most 1,000 characters.",
            ),
            code="reason_needed",
            status=400,
            param="reason",
        )


def _unknown(name: str) -> Refusal:
    return Refusal(
        Message(f"Il n'y a pas d'arrêt {name}.", f"There is no halt {name}."),
        Message("«\u00a0vigie halt --list\u00a0» les montre.", "'vigie halt --list' shows them."),
        code="unknown_halt",
        status=404,
    )
