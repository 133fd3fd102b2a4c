"""The ledger's writer: one thread, one transaction for many records. *Edge*.

Who owns what: the event loop owns `append`; the writer thread owns the connection and everything under "writer" below;
the queue between them is the only thing they share. Guarantees and failures:

* `append` returns after the commit of a transaction that held the record, its leaf, the tree's new frontier and the
  usage counters. So the tree never says more or less than the records (`kill -9`, two processes: the tree's row is
  locked by every writer, and sequence numbers come from it).
* A store that fails makes every append of that batch, and those waiting, fail with `LedgerUnavailable`. The next batch
  tries again: nothing is kept in memory to be written later, since its call has been refused.
* A full queue refuses at once; nothing waits without bound.
* Checkpoints are signed at most `CHECKPOINT_S` after new records. A crash in between loses a signature, not a record.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.audit.merkle import Frontier, leaf_hash
from gateway.audit.notes import Signer
from gateway.audit.records import canonical, now_text
from gateway.errors import Fault, Message, VigieError
from gateway.storage import Store
from gateway.storage.tables import checkpoint, policies, records, signals, tree, usage

QUEUE = 8_192
BATCH = 256
CHECKPOINT_S = 1.0


class LedgerUnavailable(Fault):
    """A record could not be made durable; what it was to precede must not happen."""

    code = "ledger_unavailable"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A durable record: its place in the tree, and the epoch of the signals it was committed under."""

    seq: int
    epoch: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A record on its way, in canonical bytes, with the columns that the store is searched by."""

    kind: str
    decision: str
    system: str
    time: str
    body: bytes
    tokens: int = 0
    day: str = ""

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Entry:
        """Raises `ValueError` for what a record may not hold."""
        used = record.get("usage") or {}
        return cls(
            record["kind"],
            record.get("decision", ""),
            record.get("system", ""),
            record["time"],
            canonical(record),
            used.get("input_tokens", 0) + used.get("output_tokens", 0),
            record.get("facts", {}).get("call.date", ""),
        )


class Ledger:
    """One per gateway process."""

    def __init__(self, store: Store, signer: Signer, origin: str) -> None:
        self._store, self._signer, self._origin = store, signer, origin
        self._queue: queue.Queue[tuple[Entry, asyncio.Future[Receipt]] | None] = queue.Queue(QUEUE)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._problem = ""
        self._tokens: dict[tuple[str, str], int] = {}

    async def start(self) -> None:
        """Start the writer; sign a checkpoint of what is there. Raises a `Fault` if the store cannot be written."""
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._resume)
        self._thread = threading.Thread(target=self._write_forever, name="vigie-ledger", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Write what is queued, sign, end the thread."""
        if self._thread is not None:
            self._queue.put(None)
            await asyncio.to_thread(self._thread.join, 10)
            self._thread = None

    async def append(self, record: Mapping[str, Any]) -> Receipt:
        """Make a record durable. Raises `LedgerUnavailable`, or `ValueError` for what a record may not hold."""
        if self._loop is None or self._thread is None or not self._thread.is_alive():
            raise _unavailable()
        waiting: asyncio.Future[Receipt] = self._loop.create_future()
        try:
            self._queue.put_nowait((Entry.of(record), waiting))
        except queue.Full:
            raise LedgerUnavailable(
                Message("Le registre ne suit plus la cadence.", "The ledger cannot keep up."),
                Message("Réessayer dans quelques instants.", "Retry in a moment."),
                code="ledger_behind",
            ) from None
        return await waiting

    async def publish_policy(self, version: str, source: bytes) -> None:
        """Keep a policy version before it decides; recorded the first time only."""
        await asyncio.to_thread(publish_policy_now, self._store, version, source)

    def problem(self) -> str:
        """Why records cannot be written now, or nothing."""
        return self._problem

    def tokens_used(self, system: str, day: str) -> int:
        """Tokens of a system on a day, as of the last batch that this process wrote for it."""
        return self._tokens.get((system, day), 0)

    def checkpoint(self) -> str:
        """The newest signed checkpoint."""
        with self._store.read() as connection:
            return str(connection.execute(select(checkpoint.c.note)).scalar_one())

    def verifier_key(self) -> str:
        """The verifier key, with a line end."""
        return self._signer.verifier_key(self._origin) + "\n"

    # ── writer ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _resume(self) -> None:
        with self._store.write() as connection:
            sign_now(connection, self._signer, self._origin)
            for row in connection.execute(select(usage.c.system, usage.c.day, usage.c.tokens)):
                self._tokens[row.system, row.day] = row.tokens

    def _write_forever(self) -> None:
        unsigned_since: float | None = None
        while True:
            wait = None if unsigned_since is None else max(0.0, unsigned_since + CHECKPOINT_S - time.monotonic())
            batch, ending = self._next_batch(wait)
            if batch:
                self._write(batch)
                unsigned_since = unsigned_since if unsigned_since is not None else time.monotonic()
            if unsigned_since is not None and (ending or time.monotonic() >= unsigned_since + CHECKPOINT_S):
                unsigned_since = None if self._sign() else time.monotonic()
            if ending:
                return

    def _next_batch(self, wait: float | None) -> tuple[list[tuple[Entry, asyncio.Future[Receipt]]], bool]:
        """Everything queued, up to `BATCH`; waits for the first. True when the ledger is to end."""
        try:
            item = self._queue.get(timeout=wait)
        except queue.Empty:
            return [], False
        batch = []
        while item is not None:
            batch.append(item)
            if len(batch) == BATCH:
                return batch, False
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return batch, False
        return batch, True

    def _write(self, batch: Sequence[tuple[Entry, asyncio.Future[Receipt]]]) -> None:
        try:
            with self._store.write() as connection:
                first, epoch, tokens = write_entries(connection, [entry for entry, _ in batch])
        except VigieError as error:
            self._problem = error.message.en
            fault = _unavailable(error.message)
            self._tell([(waiting, fault) for _, waiting in batch])
            return
        self._problem = ""
        self._tokens.update(tokens)
        self._tell([(waiting, Receipt(first + index, epoch)) for index, (_, waiting) in enumerate(batch)])

    def _sign(self) -> bool:
        try:
            with self._store.write() as connection:
                sign_now(connection, self._signer, self._origin)
        except VigieError as error:
            self._problem = error.message.en
            return False
        return True

    def _tell(self, outcomes: list[tuple[asyncio.Future[Receipt], Receipt | Fault]]) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(_settle, outcomes)
        except RuntimeError:  # the loop has ended, and with it everyone who waited
            return


def write_entries(connection: Connection, entries: Sequence[Entry]) -> tuple[int, int, dict[tuple[str, str], int]]:
    """Append in one transaction: (first sequence number, epoch, new usage totals). Locks the tree's row."""
    row = connection.execute(select(tree.c.size, tree.c.frontier).with_for_update()).one()
    frontier = Frontier(row.size, row.frontier)
    rows = []
    for entry in entries:
        leaf = leaf_hash(entry.body)
        rows.append(
            {
                "seq": frontier.size,
                "leaf": leaf,
                "kind": entry.kind,
                "decision": entry.decision,
                "system": entry.system,
                "time": entry.time,
                "body": entry.body,
            }
        )
        frontier.push(leaf)
    connection.execute(insert(records), rows)
    connection.execute(update(tree).values(size=frontier.size, frontier=frontier.pack()))
    epoch = connection.execute(select(signals.c.epoch)).scalar_one()
    return row.size, epoch, _count(connection, entries)


def append_now(store: Store, records_: Sequence[Mapping[str, Any]]) -> None:
    """Append from a command that has no event loop. The next checkpoint covers it. Raises `StoreUnavailable`."""
    with store.write() as connection:
        write_entries(connection, [Entry.of(record) for record in records_])


def publish_policy_now(store: Store, version: str, source: bytes) -> None:
    """Keep a policy version and record it, once."""
    with store.write() as connection:
        connection.execute(select(tree.c.size).with_for_update()).one()
        if connection.execute(select(policies.c.version).where(policies.c.version == version)).first() is None:
            connection.execute(insert(policies).values(version=version, source=source))
            record = {"kind": "policy.published", "id": f"p-{version[:24]}", "time": now_text(), "policy": version}
            write_entries(connection, [Entry.of(record)])


def sign_now(connection: Connection, signer: Signer, origin: str) -> None:
    """Sign a checkpoint of the tree as it is, unless the newest is already of that size."""
    row = connection.execute(select(tree.c.size, tree.c.frontier).with_for_update()).one()
    known = connection.execute(select(checkpoint.c.size)).scalar_one_or_none()
    if known == row.size:
        return
    note = signer.sign(origin, row.size, Frontier(row.size, row.frontier).root())
    if known is None:
        connection.execute(insert(checkpoint).values(id=1, size=row.size, note=note))
    else:
        connection.execute(update(checkpoint).values(size=row.size, note=note))


def _count(connection: Connection, entries: Sequence[Entry]) -> dict[tuple[str, str], int]:
    """Add the tokens of closed calls to their system's day; the new totals."""
    added: dict[tuple[str, str], int] = {}
    for entry in entries:
        if entry.tokens and entry.system and entry.day:
            key = entry.system, entry.day
            added[key] = added.get(key, 0) + entry.tokens
    totals = {}
    for (system, day), tokens in added.items():
        dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
        adding = dialect.insert(usage).values(system=system, day=day, tokens=tokens)
        adding = adding.on_conflict_do_update(
            index_elements=["system", "day"], set_={"tokens": usage.c.tokens + tokens}
        )
        totals[system, day] = connection.execute(adding.returning(usage.c.tokens)).scalar_one()
    return totals


def _settle(outcomes: list[tuple[asyncio.Future[Receipt], Receipt | Fault]]) -> None:
    for waiting, outcome in outcomes:
        if waiting.done():  # its caller was cancelled; the record stands all the same
            continue
        if isinstance(outcome, Receipt):
            waiting.set_result(outcome)
        else:
            waiting.set_exception(outcome)


def _unavailable(reason: Message | None = None) -> LedgerUnavailable:
    fr = f"Le registre est indisponible. {reason.fr if reason else ''}".strip()
    en = f"The ledger is unavailable. {reason.en if reason else ''}".strip()
    return LedgerUnavailable(
        Message(fr, en), Message("Rien n'a été transmis; réessayer plus tard.", "Nothing was sent; retry later.")
    )
