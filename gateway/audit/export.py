"""`vigie audit export`: a bundle that anyone can verify offline. *Edge*; streams, so memory does not grow.

The layout is `bundle`'s. Records go straight from the store into the tar; a bundle appears whole or not at all.
"""

from __future__ import annotations

import os
import re
import tempfile
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from sqlalchemy import Connection, func, select

from gateway.audit.bundle import STAMPS, Subtree, Writing, proofs
from gateway.audit.merkle import TILE_WIDTH, aligned_blocks
from gateway.audit.notes import Note, checkpoint_of
from gateway.audit.signing import Signer
from gateway.audit.stamps import CHECKPOINT, TOKEN, Stamp, relevant
from gateway.audit.tiles import StoredTree
from gateway.errors import Fault, Message, Refusal
from gateway.storage import Store
from gateway.storage.tables import checkpoint, policies, records

CHUNK = 1_000
EVERY = 5_000
_POLICY = re.compile(rb'"policy":"([0-9a-f]{64})"')


class ExportFailed(Fault):
    """The bundle could not be written."""

    code = "export_failed"


def export(  # noqa: PLR0913 - what narrows an export is named one by one
    store: Store,
    signer: Signer,
    out: Path,
    *,
    since: str = "",
    until: str = "",
    system: str = "",
    against: int = 0,
    stamps: Sequence[Stamp] = (),
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Write the bundle to `out`, whole or not at all; the number of records. Times are RFC 3339, `until` excluded.

    `against`: the size of an earlier checkpoint that the bundle must let be compared with. `stamps`: the time stamps that
    there are; those that say something of what is exported go with it.
    """
    try:
        with (
            store.read() as connection,
            tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as scratch,
            Path(scratch, "blocks").open("w+b") as blocks,
            Path(scratch, "subtrees").open("w+b") as subtrees,
        ):
            note = connection.execute(select(checkpoint.c.size, checkpoint.c.note)).one()
            pass_ = _Pass(connection, note.size, blocks, subtrees, progress)
            pass_.bounds(since, until, system)
            going = relevant(stamps, *pass_.extent, note.size)
            pass_.shows([against, *(stamp.size for stamp in going)])
            partial = Path(scratch, "bundle.tar")
            with partial.open("w+b", buffering=1 << 20) as file:
                writing = Writing(file)
                writing.add("checkpoint", note.note.encode())
                writing.add(
                    "key", signer.verifier_key(checkpoint_of(Note.parse(note.note).text).origin).encode() + b"\n"
                )
                writing.add_stream("records.jsonl", pass_.lines())
                for row in connection.execute(select(policies).order_by(policies.c.version)):
                    if row.version in pass_.policies:
                        writing.add(f"policies/{row.version}.json", row.source)
                for stamp in going:
                    writing.add(f"{STAMPS}{stamp.name}{CHECKPOINT}", stamp.checkpoint)
                    writing.add(f"{STAMPS}{stamp.name}{TOKEN}", stamp.token)
                writing.add("range.json", pass_.range())
                writing.add_stream("proofs.json", proofs(blocks, subtrees))
                writing.end()
                file.flush()
                os.fsync(file.fileno())
            partial.replace(out)
            return pass_.count
    except OSError as error:
        raise ExportFailed(
            Message("L'export n'a pas pu être écrit.", "The export could not be written."),
            Message(f"{out}\u00a0: {error.strerror}.", f"{out}: {error.strerror}."),
        ) from None


class _Pass:
    """One pass over the chosen records: their lines go to the tar, what stands between them to scratch files."""

    def __init__(
        self,
        connection: Connection,
        size: int,
        blocks: IO[bytes],
        subtrees: IO[bytes],
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._connection, self._size = connection, size
        self._blocks, self._subtrees, self._progress = blocks, subtrees, progress
        self._tree = StoredTree(connection, size)
        self._first, self._end, self._system = 0, size, ""
        self._shown: list[int] = []
        self.count, self._start = 0, 0
        self.policies: set[str] = set()

    def bounds(self, since: str, until: str, system: str) -> None:
        """The range of positions that covers the times asked for. Raises a `Refusal` when nothing is in it."""
        time, seq = records.c.time, records.c.seq
        if since:
            first = self._connection.execute(select(func.min(seq)).where(time >= since)).scalar()
            self._first = self._end if first is None else first
        if until:
            last = self._connection.execute(select(func.max(seq)).where(time < until)).scalar()
            self._end = 0 if last is None else min(self._end, last + 1)
        self._system = system
        chosen = select(func.min(seq)).where(seq >= self._first, seq < self._end)
        start = self._connection.execute(chosen.where(records.c.system == system) if system else chosen).scalar()
        if start is None:
            raise Refusal(
                Message("Aucun enregistrement ne correspond.", "No record matches."),
                Message("Élargir --since, --until ou --system.", "Widen --since, --until or --system."),
                code="nothing_to_export",
            )
        self._start = start

    @property
    def extent(self) -> tuple[int, int]:
        """The positions from the first record that is chosen to the end of the period."""
        return self._start, self._end

    def shows(self, sizes: Iterable[int]) -> None:
        """The sizes at which the bundle must show the tree's root."""
        self._shown = sorted(set(sizes))

    def lines(self) -> Iterator[bytes]:
        """Each chosen record with its line end, in ledger order."""
        chosen = select(records.c.seq, records.c.body).where(records.c.seq >= self._start, records.c.seq < self._end)
        if self._system:
            chosen = chosen.where(records.c.system == self._system)
        at, run = 0, 0
        with self._connection.execute(chosen.order_by(records.c.seq).execution_options(yield_per=CHUNK)) as rows:
            for seq, body in rows:
                if seq != at:
                    self._gap(at, seq)
                    run = seq
                self.policies.update(map(bytes.decode, _POLICY.findall(body)))
                yield body + b"\n"
                at = seq + 1
                self.count += 1
                if at % TILE_WIDTH == 0 and at - run >= TILE_WIDTH:
                    self._blocks.write(b'"' + self._tree.node(8, at // TILE_WIDTH - 1).hex().encode() + b'"\n')
                if self._progress is not None and self.count % EVERY == 0:
                    self._progress(self.count, self._end - self._start)
        self._gap(at, self._size)

    def range(self) -> bytes:
        """`range.json`."""
        return f'{{"first":{self._start},"count":{self.count},"tree_size":{self._size}}}'.encode()

    def _gap(self, start: int, end: int) -> None:
        """The fewest subtrees that cover what is left out; each size that must be shown ends between two of them."""
        for stop in (*self._shown[bisect_right(self._shown, start) : bisect_left(self._shown, end)], end):
            for first, level in aligned_blocks(start, stop):
                self._subtrees.write(Subtree(first, level, self._tree.node(level, first >> level)).line() + b"\n")
            start = stop
