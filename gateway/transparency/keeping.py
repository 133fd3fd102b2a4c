"""What is kept of issued answers, written off the way of a call: manifests and fingerprints. *Edge*: a thread, the store.

`put` never waits and never fails. What is lost, and what is left then:

* a crash loses what was put within the last moments (`PAUSE_S`, or as long as the store was out); so does a queue that is
  full (`MOST_WAITING` answers or `MOST_CHARACTERS`), which `dropped` counts;
* the answer's record is in the ledger before it is put here, with a keyed hash of each text as it was delivered: an exact
  copy that carries its reference is recognised by that alone, and the manifest is with whoever received the answer.

Transactions are small and apart, since the ledger's writer waits for the same lock; work is cut in slices of a fraction of
a millisecond, since calls wait for the same interpreter.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import queue
import re
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Table, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.errors import Fault
from gateway.storage import Prepared, Store
from gateway.storage.tables import fingerprints, issued
from gateway.transparency.fingerprints import Fingerprinter
from gateway.transparency.manifests import Issued

MOST_WAITING = 4_096
MOST_CHARACTERS = 32_000_000
ROWS = 512
PAUSE_S = 0.5
BETWEEN_S = 0.002
AGAIN_S = 1.0
MOST_TRIES = 600
PURGE_S = 3_600.0


WEEK_MS = 7 * 24 * 3600 * 1000
_DECISION = re.compile(r"d-[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Kept:
    """An issued answer on its way to the store. `opening`: the visible sentence that its texts begin with, if any."""

    issued: Issued
    manifest: str
    opening: str = ""
    public: bool = True

    @property
    def size(self) -> int:
        """Characters that it holds in memory."""
        return sum(len(one.text or "") for one in self.issued.contents)


@dataclass(slots=True)
class Sealer:
    """Encrypts manifests at rest: the content hash in them could tell what a short text was."""

    key: bytes = field(repr=False)
    _cipher: AESGCM = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._cipher = AESGCM(hmac.digest(self.key, b"manifests at rest", hashlib.sha256))

    def seal(self, decision: str, manifest: str) -> bytes:
        """Bound to the decision that it is kept under."""
        nonce = os.urandom(12)
        return nonce + self._cipher.encrypt(nonce, manifest.encode(), decision.encode())

    def unseal(self, decision: str, sealed: bytes) -> str | None:
        """None for what another key sealed."""
        try:
            return self._cipher.decrypt(sealed[:12], sealed[12:], decision.encode()).decode()
        except InvalidTag:
            return None


class Keeper:
    """One per gateway process. `keep_days`: as configured now."""

    def __init__(
        self, store: Store, fingerprinter: Fingerprinter, keep_days: Callable[[], int], *, purge_s: float = PURGE_S
    ) -> None:
        self._store, self._fingerprinter, self._keep_days = store, fingerprinter, keep_days
        self._sealer = Sealer(fingerprinter.key)
        self._queue: queue.Queue[Kept | None] = queue.Queue(MOST_WAITING)
        self._characters = 0
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()
        self._purge_s, self._purge_at = purge_s, 0.0
        self.dropped = 0

    def start(self) -> None:
        """Start the writer."""
        self._ending.clear()
        self._purge_at = time.monotonic() + min(60.0, self._purge_s)
        self._thread = threading.Thread(target=self._write_forever, name="vigie-provenance", daemon=True)
        self._thread.start()

    def stop(self, within_s: float = 10.0) -> None:
        """Write what is queued, within a bound, and end the thread."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._ending.set()
            with suppress(queue.Full):  # the writer is at work, and looks at `_ending` next
                self._queue.put_nowait(None)
            thread.join(within_s)

    def put(self, kept: Kept) -> None:
        """Have it kept, soon. Dropped, and counted, when too much waits already."""
        if not _DECISION.fullmatch(kept.issued.decision):
            return
        size = kept.size
        with self._lock:
            full = self._characters + size > MOST_CHARACTERS
            if not full:
                self._characters += size
        if full:
            self.dropped += 1
            return
        try:
            self._queue.put_nowait(kept)
        except queue.Full:
            self.dropped += 1
            self._gone(size)

    def manifest(self, decision: str) -> str | None:
        """The manifest of an answer, if it is kept. Raises `StoreUnavailable`."""
        with self._store.read() as connection:
            sealed = connection.execute(select(issued.c.manifest).where(issued.c.decision == decision)).scalar()
        return self._sealer.unseal(decision, sealed) if sealed is not None else None

    # ── writer ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _write_forever(self) -> None:
        ending = False
        while not ending:
            batch, ending = self._next_batch()
            self._write(batch, give_up=ending)
            self._gone(sum(one.size for one in batch))
            if not ending:
                self._purge_if_due()

    def _next_batch(self) -> tuple[list[Kept], bool]:
        """Everything that waits; True when the thread is to end."""
        try:
            first = self._queue.get(timeout=max(0.01, min(60.0, self._purge_at - time.monotonic())))
        except queue.Empty:
            return [], False
        if first is None:
            return [], True
        ending = self._ending.wait(PAUSE_S)  # let more come: a commit costs the same for one row as for many
        batch = [first]
        while len(batch) < MOST_WAITING:
            try:
                one = self._queue.get_nowait()
            except queue.Empty:
                break
            if one is None:
                return batch, True
            batch.append(one)
        return batch, ending and self._queue.empty()

    def _write(self, batch: Sequence[Kept], *, give_up: bool) -> None:
        """The rows of `batch`, a few at a time. A store that is out is tried again, unless the process is ending."""
        answers = [self._answer(one) for one in batch]
        prints: list[dict[str, Any]] = []
        for one in batch:
            prints += self._prints(one)
            time.sleep(0)  # let calls have the interpreter
        prints.sort(key=lambda row: (row["week"], row["digest"]))  # neighbours in the table are written together
        for statement, rows in ((_INSERT_ISSUED, answers), (_INSERT_FINGERPRINTS, prints)):
            for at in range(0, len(rows), ROWS):
                give_up = self._insist(statement, rows[at : at + ROWS], give_up=give_up)
                time.sleep(BETWEEN_S)

    def _insist(self, statement: Prepared, rows: Sequence[dict[str, Any]], *, give_up: bool) -> bool:
        """One transaction, tried until it is done; True when there is no more time for a second try."""
        for _ in range(MOST_TRIES):
            try:
                with self._store.write() as connection:
                    statement.run(connection, rows)
                return give_up
            except Fault:
                if give_up:
                    break
                give_up = self._ending.wait(AGAIN_S)
        self.dropped += len(rows) if statement is _INSERT_ISSUED else 0
        return give_up

    def _answer(self, kept: Kept) -> dict[str, Any]:
        one = kept.issued
        return {
            "decision": one.decision,
            "system": one.system,
            "time": one.time,
            "label": one.label.id,
            "approval": one.approval,
            "manifest": self._sealer.seal(one.decision, kept.manifest),
        }

    def _prints(self, kept: Kept) -> list[dict[str, Any]]:
        if not kept.public:
            return []
        digests: set[int] = set()
        for content in kept.issued.contents:
            if content.text is not None:
                opening = f"{kept.opening}\n\n" if kept.opening else ""
                prints = self._fingerprinter.issued(content.text.removeprefix(opening))
                digests |= {prints.whole, *prints.passages} if prints.whole is not None else set()
        week, decision = week_of(kept.issued.decision), packed(kept.issued.decision)
        return [{"week": week, "digest": digest, "decision": decision} for digest in digests]

    def _gone(self, size: int) -> None:
        with self._lock:
            self._characters -= size

    # ── retention ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _purge_if_due(self) -> None:
        if time.monotonic() < self._purge_at:
            return
        self._purge_at = time.monotonic() + self._purge_s
        before = datetime.now(UTC) - timedelta(days=self._keep_days())
        try:
            while self.purge(before) and not self._ending.wait(BETWEEN_S):
                pass
        except Fault:
            return  # at the next turn

    def purge(self, before: datetime) -> int:
        """Forget some of the answers of the weeks that end before a moment: how many rows. Raises `StoreUnavailable`."""
        last = int(before.timestamp() * 1000) // WEEK_MS - 1
        prints, answers = fingerprints.c, issued.c
        some = select(prints.week, prints.digest).order_by(prints.week, prints.digest).limit(1)
        old = select(answers.decision).where(answers.decision < f"d-{(last + 1) * WEEK_MS:012x}").limit(ROWS)
        with self._store.read() as connection:
            week = connection.execute(select(prints.week).order_by(prints.week).limit(1)).scalar()
            week = week if week is not None and week <= last else None
            until = (
                connection.execute(some.where(prints.week == week).offset(ROWS)).one_or_none()
                if week is not None
                else None
            )
            decisions = connection.execute(old).scalars().all()
        gone = 0
        if week is not None:
            chosen = delete(fingerprints).where(prints.week == week)
            with self._store.write() as connection:
                gone += connection.execute(chosen.where(prints.digest < until.digest) if until else chosen).rowcount
        if decisions:
            with self._store.write() as connection:
                gone += connection.execute(delete(issued).where(answers.decision.in_(decisions))).rowcount
        return gone


def week_of(decision: str) -> int:
    """The week of a decision, since 1970: its id begins with the time, in milliseconds."""
    return int(decision[2:14], 16) // WEEK_MS


def packed(decision: str) -> bytes:
    """A decision's id as fingerprints hold it."""
    return bytes.fromhex(decision[2:])


def _adding(table: Table) -> Callable[[str], Any]:
    def adding(dialect: str) -> Any:
        return (postgresql if dialect == "postgresql" else sqlite).insert(table).on_conflict_do_nothing()

    return adding


_INSERT_ISSUED = Prepared(_adding(issued))
_INSERT_FINGERPRINTS = Prepared(_adding(fingerprints))
