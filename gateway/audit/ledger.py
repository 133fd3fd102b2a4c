"""The ledger's writer: one thread, one transaction for many records. *Edge*.

Who owns what: the event loop owns `append`, what arrived and the count of those who wait; the writer thread owns
everything under "writer" below; the queue between them is the only thing they share. Guarantees and failures:

* `append` returns after the commit of a transaction that held the record, its leaf, the tree's new frontier and the
  usage counters. So the tree never says more or less than the records (`kill -9`, two processes: the tree's row is
  locked by every writer, and sequence numbers come from it).
* A store that fails makes every append of that batch, and those waiting, fail with `LedgerUnavailable`. The next batch
  tries again: nothing is kept in memory to be written later, since its call has been refused.
* With `QUEUE` records waiting, another is refused at once; nothing waits without bound.
* A transaction that takes over `STUCK_S` (a database that accepts and never answers) is given up on: those who wait are
  refused, and so is whoever comes until it ends. If it commits after all, its records stand: a call opened and not sent.
* While the store cannot be written, it is tried again every `CHECKPOINT_S`, so that readiness comes back by itself.
* Checkpoints are signed at most `CHECKPOINT_S` after new records. A crash in between loses a signature, not a record;
  the next start signs. A key that another has replaced is read again from its file.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update

from gateway.audit.appending import Entry, write_entries
from gateway.audit.records import now_text
from gateway.audit.signing import Signer, SigningKeyMissing, sign_now
from gateway.errors import Fault, Message, VigieError
from gateway.storage import Store
from gateway.storage.tables import checkpoint, policies, tree, usage

QUEUE = 8_192
BATCH = 256
GATHER_S = 0.0005
CHECKPOINT_S = 1.0
STUCK_S = 8.0
STUCK = Message("La base ne répond pas.", "The store does not answer.")


class LedgerUnavailable(Fault):
    """A record could not be made durable; what it was to precede must not happen."""

    code = "ledger_unavailable"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A durable record: its place in the tree, and the epoch of the signals it was committed under."""

    seq: int
    epoch: int


Waiting = tuple[Entry, asyncio.Future[Receipt]]


class Ledger:
    """One per gateway process."""

    def __init__(self, store: Store, signer: Signer, origin: str) -> None:
        self._store, self._signer, self._origin = store, signer, origin
        self._arrived: list[Waiting] = []
        self._waiting = 0
        self._queue: queue.SimpleQueue[list[Waiting] | None] = queue.SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._problem = self._unsigned = ""
        self._writing: Sequence[Waiting] = ()
        self._writing_since = 0.0
        self._watch: asyncio.Task[None] | None = None
        self._tokens: dict[tuple[str, str], int] = {}

    async def start(self) -> None:
        """Start the writer; sign a checkpoint of what is there. Raises a `Fault` if the store cannot be written."""
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._resume)
        self._thread = threading.Thread(target=self._write_forever, name="vigie-ledger", daemon=True)
        self._thread.start()
        self._watch = asyncio.create_task(self._keep_watch(), name="vigie-ledger-watch")

    async def stop(self) -> None:
        """Write what is queued, sign, end the thread."""
        if self._watch is not None:
            self._watch.cancel()
        if self._thread is not None:
            self._queue.put(None)
            await asyncio.to_thread(self._thread.join, 10)
            self._thread = None

    async def append(self, record: Mapping[str, Any]) -> Receipt:
        """Make a record durable. Raises `LedgerUnavailable`, or `ValueError` for what a record may not hold."""
        if self._loop is None or self._thread is None or not self._thread.is_alive():
            raise _unavailable()
        if self._is_stuck():
            raise _unavailable(STUCK)
        if self._waiting >= QUEUE:
            raise LedgerUnavailable(
                Message("Le registre ne suit plus la cadence.", "The ledger cannot keep up."),
                Message("Réessayer dans quelques instants.", "Retry in a moment."),
                code="ledger_behind",
            )
        entry = Entry.of(record)
        durable: asyncio.Future[Receipt] = self._loop.create_future()
        if not self._arrived:  # one hand-over for all that arrives in this turn of the loop
            self._loop.call_soon(self._hand_over)
        self._arrived.append((entry, durable))
        self._waiting += 1
        return await durable

    def _hand_over(self) -> None:
        arrived, self._arrived = self._arrived, []
        self._queue.put(arrived)

    async def _keep_watch(self) -> None:
        """A store that does not answer at all keeps the writer waiting; those who wait on the writer must not."""
        while True:
            await asyncio.sleep(1.0)
            if not self._is_stuck():
                continue
            waiting, self._arrived = [*self._writing, *self._arrived], []
            with contextlib.suppress(queue.Empty):
                while (arrived := self._queue.get_nowait()) is not None:
                    waiting += arrived
            self._waiting -= len(waiting) - len(self._writing)
            for _, durable in waiting:
                if not durable.done():
                    durable.set_exception(_unavailable(STUCK))

    async def publish_policy(self, version: str, source: bytes) -> None:
        """Keep a policy version before it decides; recorded the first time only."""
        await asyncio.to_thread(publish_policy_now, self._store, version, source)

    def problem(self) -> str:
        """Why records cannot be written or signed now, or nothing."""
        return STUCK.en if self._is_stuck() else self._problem or self._unsigned

    def _is_stuck(self) -> bool:
        since = self._writing_since
        return since > 0 and time.monotonic() - since > STUCK_S

    def tokens_used(self, system: str, day: str) -> int:
        """Tokens of a system on a day, as of the last batch that this process wrote for it."""
        return self._tokens.get((system, day), 0)

    def checkpoint(self) -> str:
        """The newest signed checkpoint. Reads the store."""
        with self._store.read() as connection:
            return str(connection.execute(select(checkpoint.c.note)).scalar_one())

    def verifier_key(self) -> str:
        """The verifier key of the newest checkpoint, with a line end. Reads the store. Raises `SigningKeyMissing`."""
        signer = self._signer
        if not signer.signed(self.checkpoint()) and signer.path is not None:
            signer = Signer.open(signer.path, self._store)
        return signer.verifier_key(self._origin) + "\n"

    # ── writer ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _resume(self) -> None:
        with self._store.write() as connection:
            sign_now(connection, self._signer, self._origin)
            for row in connection.execute(select(usage.c.system, usage.c.day, usage.c.tokens)):
                self._tokens[row.system, row.day] = row.tokens

    def _write_forever(self) -> None:
        unsigned_since: float | None = None
        busy = False
        while True:
            wait = None if unsigned_since is None else max(0.0, unsigned_since + CHECKPOINT_S - time.monotonic())
            if self._problem:
                wait = CHECKPOINT_S
            batch, ending = self._next_batch(wait, busy=busy)
            if batch:
                self._write(batch)
                busy = len(batch) > 2
                unsigned_since = unsigned_since if unsigned_since is not None else time.monotonic()
            elif self._problem:
                self._probe()
            if unsigned_since is not None and (ending or time.monotonic() >= unsigned_since + CHECKPOINT_S):
                unsigned_since = None if self._sign() else time.monotonic()
            if ending:
                return

    def _next_batch(self, wait: float | None, *, busy: bool) -> tuple[list[Waiting], bool]:
        """Everything handed over, until there are `BATCH`; waits for the first. True when the ledger is to end.

        A commit costs the same for one record as for twenty: when `busy`, a moment more lets them come together.
        """
        try:
            arrived = self._queue.get(timeout=wait)
        except queue.Empty:
            return [], False
        if busy:
            time.sleep(GATHER_S)
        batch: list[Waiting] = []
        while arrived is not None:
            batch += arrived
            if len(batch) >= BATCH:
                return batch, False
            try:
                arrived = self._queue.get_nowait()
            except queue.Empty:
                return batch, False
        return batch, True

    def _write(self, batch: Sequence[Waiting]) -> None:
        self._writing, self._writing_since = batch, time.monotonic()
        try:
            with self._store.write() as connection:
                first, epoch, tokens = write_entries(connection, [entry for entry, _ in batch])
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait are told, and the thread goes on
            fault = self._failed(error)
            self._tell([(durable, fault) for _, durable in batch])
            return
        finally:
            self._writing_since = 0.0
        self._problem = ""
        self._tokens.update(tokens)
        self._tell([(durable, Receipt(first + index, epoch)) for index, (_, durable) in enumerate(batch)])

    def _sign(self) -> bool:
        """Records stay durable without a signature, so a signature that fails refuses no call, but is said."""
        try:
            try:
                self._sign_with(self._signer)
            except SigningKeyMissing:  # it was replaced: the file has the new one, unless this host's was forgotten
                if self._signer.path is None:
                    raise
                self._signer = Signer.open(self._signer.path, self._store)
                self._sign_with(self._signer)
        except Exception as error:  # noqa: BLE001 - as above
            self._unsigned = error.message.en if isinstance(error, VigieError) else type(error).__name__
            return False
        self._unsigned = ""
        return True

    def _sign_with(self, signer: Signer) -> None:
        with self._store.write() as connection:
            sign_now(connection, signer, self._origin)

    def _probe(self) -> None:
        """Write nothing new, to learn whether writing works again: nobody sends calls to a gateway that is not ready."""
        try:
            with self._store.write() as connection:
                connection.execute(update(tree).values(size=tree.c.size))
        except Exception as error:  # noqa: BLE001 - as above
            self._failed(error)
        else:
            self._problem = ""

    def _failed(self, error: Exception) -> LedgerUnavailable:
        """Remember why the store cannot be written now."""
        reason = error.message if isinstance(error, VigieError) else Message(type(error).__name__, type(error).__name__)
        self._problem = reason.en
        return _unavailable(reason)

    def _tell(self, outcomes: list[tuple[asyncio.Future[Receipt], Receipt | Fault]]) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(self._settle, outcomes)
        except RuntimeError:  # the loop has ended, and with it everyone who waited
            return

    def _settle(self, outcomes: list[tuple[asyncio.Future[Receipt], Receipt | Fault]]) -> None:
        self._waiting -= len(outcomes)
        for durable, outcome in outcomes:
            if durable.done():  # its caller was cancelled; the record stands all the same
                continue
            if isinstance(outcome, Receipt):
                durable.set_result(outcome)
            else:
                durable.set_exception(outcome)


def publish_policy_now(store: Store, version: str, source: bytes) -> None:
    """Keep a policy version and record it, once."""
    with store.write() as connection:
        connection.execute(select(tree.c.size).with_for_update()).one()
        if connection.execute(select(policies.c.version).where(policies.c.version == version)).first() is None:
            connection.execute(insert(policies).values(version=version, source=source))
            record = {"kind": "policy.published", "id": f"p-{version[:24]}", "time": now_text(), "policy": version}
            write_entries(connection, [Entry.of(record)])


def _unavailable(reason: Message | None = None) -> LedgerUnavailable:
    fr = f"Le registre est indisponible. {reason.fr if reason else ''}".strip()
    en = f"The ledger is unavailable. {reason.en if reason else ''}".strip()
    return LedgerUnavailable(
        Message(fr, en),
        Message(
            "Sans registre, rien n'est transmis ni rendu\u00a0; réessayer plus tard.",
            "Without the ledger nothing is sent or returned; retry later.",
        ),
    )
