"""One decision in the ledger: its records, and the proofs that they are there. *Edge*: reads the store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection, select

from gateway.audit.merkle import inclusion_path
from gateway.audit.notes import tlog_proof
from gateway.audit.tiles import StoredTree
from gateway.errors import Fault, Message, Refusal
from gateway.storage import Store
from gateway.storage.tables import checkpoint, records


class NotYetSigned(Fault):
    """The record is durable, and the next checkpoint, within a second, will cover it."""

    code = "not_yet_signed"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A record of a decision: its position in the ledger, and the very bytes that were hashed."""

    position: int
    system: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Proof:
    """A record with its C2SP tlog-proof; `name` is the record's id."""

    name: str
    position: int
    body: bytes
    text: str


def records_of(store: Store, decision: str, system: str | None = None) -> list[Recorded]:
    """The records of a decision, oldest first; those of `system` only, if one is given. Raises a `Refusal`."""
    with store.read() as connection:
        return _records_of(connection, decision, system)


def proofs_of(store: Store, decision: str, system: str | None = None) -> Iterator[Proof]:
    """The same with their proofs of inclusion in the newest checkpoint. Raises a `Refusal` or `NotYetSigned`."""
    with store.read() as connection:
        newest = connection.execute(select(checkpoint.c.size, checkpoint.c.note)).one()
        tree = StoredTree(connection, newest.size)
        for one in _records_of(connection, decision, system):
            if one.position >= newest.size:
                raise NotYetSigned(
                    Message("Cet enregistrement n'est pas encore signé.", "This record is not signed yet."),
                    Message("Réessayer dans une seconde.", "Retry in a second."),
                )
            path = inclusion_path(one.position, newest.size, tree.node)
            name = str(orjson.loads(one.body)["id"])
            yield Proof(name, one.position, one.body, tlog_proof(one.position, path, newest.note))


def _records_of(connection: Connection, decision: str, system: str | None) -> list[Recorded]:
    chosen = select(records.c.seq, records.c.system, records.c.body).where(records.c.decision == decision)
    if system is not None:
        chosen = chosen.where(records.c.system == system)
    found = [Recorded(*row) for row in connection.execute(chosen.order_by(records.c.seq))] if decision else []
    if not found:
        raise unknown_decision()
    return found


def unknown_decision() -> Refusal:
    """404. A decision of another system looks the same as none."""
    return Refusal(
        Message("Il n'y a pas de décision de ce nom.", "There is no decision of this name."),
        Message("L'en-tête x-vigie-decision la donne.", "The x-vigie-decision header has it."),
        code="unknown_decision",
        status=404,
    )
