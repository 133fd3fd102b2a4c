"""`vigie audit verify`: is this ledger, or this bundle, whole, unchanged and consistent with its policies?

Checks, in order: the manifest (bundle), the checkpoint's signature, every record against the tree, the shape of calls,
and every decision recomputed from its facts. Says the first thing wrong. Streams; memory does not grow with the ledger,
but for the decisions of calls that are open at that point.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import orjson
from sqlalchemy import select

from gateway.audit.merkle import Frontier, leaf_hash
from gateway.audit.notes import read_checkpoint
from gateway.policies import Policy, Remembered, recompute
from gateway.storage import Store
from gateway.storage.tables import checkpoint, policies, records, tree

Progress = Callable[[int, int], None]
EVERY = 5_000
SMALL = 64 * 1024 * 1024


class Wrong(Exception):
    """The first thing found wrong, in words."""


@dataclass(slots=True)
class Verdict:
    """What a verification found. `problem` is empty when all is well; `unfinished` are calls opened and never closed."""

    records: int = 0
    decisions: int = 0
    tree_size: int = 0
    unfinished: int = 0
    problem: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong. A call cut by a crash is unfinished, not wrong: nothing of it was delivered whole."""
        return not self.problem

    def as_json(self) -> dict[str, Any]:
        """For a program."""
        return {
            "ok": self.ok,
            "records": self.records,
            "decisions": self.decisions,
            "tree_size": self.tree_size,
            "unfinished": self.unfinished,
            "problem": self.problem,
        }


@dataclass(slots=True)
class _Reading:
    """The state of a pass over records in ledger order."""

    verdict: Verdict
    policies: Mapping[str, Policy]
    progress: Progress | None
    total: int
    complete: bool
    open: set[str] = field(default_factory=set)
    remembered: Remembered = field(default_factory=Remembered)

    def record(self, seq: int, body: bytes) -> None:
        """Check one record by itself and against those before it. Raises `Wrong`."""
        try:
            value = orjson.loads(body)
            kind = value["kind"]
            decision = value.get("decision", "")
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Wrong(f"record {seq} is not a record") from None
        if kind == "call.opened":
            self.open.add(decision)
        elif kind == "call.closed":
            self._closed(seq, value, decision)
        try:
            difference = recompute(value, self.policies, self.remembered)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Wrong(f"record {seq} ({kind}): its decisions cannot be recomputed ({type(error).__name__})") from None
        if difference is not None:
            raise Wrong(f"record {seq} ({kind}, decision {decision}): {difference}")
        self.verdict.decisions += len(value.get("stages", ()))
        self.verdict.records += 1
        if self.progress is not None and self.verdict.records % EVERY == 0:
            self.progress(self.verdict.records, self.total)

    def _closed(self, seq: int, value: Mapping[str, Any], decision: str) -> None:
        if decision in self.open:
            self.open.discard(decision)
        elif self.complete and value.get("outcome") == "served":
            raise Wrong(f"record {seq}: call {decision} was served without having been opened")


def verify_store(store: Store, verifier_key: str, progress: Progress | None = None) -> Verdict:
    """Verify the live store against its newest checkpoint and its tree."""
    verdict = Verdict()
    try:
        with store.read() as connection:
            head = connection.execute(select(tree.c.size, tree.c.frontier)).one()
            note = connection.execute(select(checkpoint.c.note)).scalar_one_or_none()
            versions = _policies((row.version, row.source) for row in connection.execute(select(policies)))
            signed = _signed(note, verifier_key)
            reading = _Reading(verdict, versions, progress, head.size, complete=True)
            in_order = select(records.c.seq, records.c.leaf, records.c.body).order_by(records.c.seq)
            with connection.execute(in_order.execution_options(yield_per=2_000)) as rows:
                frontier = _replayed(rows, signed, reading)
            if frontier.size < signed.size:
                raise Wrong(f"{signed.size - frontier.size} records of the signed checkpoint are missing")
            if (frontier.size, frontier.pack()) != (head.size, head.frontier):
                raise Wrong("the tree does not agree with the records")
            verdict.tree_size, verdict.unfinished = frontier.size, len(reading.open)
    except Wrong as wrong:
        verdict.problem = str(wrong)
    return verdict


def _replayed(rows: Iterable[Any], signed: Any, reading: _Reading) -> Frontier:
    """The tree from the store's records. Raises `Wrong`."""
    frontier = Frontier()
    for row in rows:
        if row.seq != frontier.size:
            raise Wrong(f"record {frontier.size} is missing")
        leaf = leaf_hash(row.body)
        if leaf != row.leaf:
            raise Wrong(f"record {row.seq} was changed: its bytes are not those that were hashed")
        reading.record(row.seq, row.body)
        frontier.push(leaf)
        if frontier.size == signed.size and frontier.root() != signed.root:
            raise Wrong(f"the first {signed.size} records are not those of the signed checkpoint")
    return frontier


def verify_bundle(path: Path, progress: Progress | None = None) -> Verdict:
    """Verify an export with nothing but the export."""
    verdict = Verdict()
    try:
        with tarfile.open(path) as tar:
            _verify_tar(tar, verdict, progress)
    except Wrong as wrong:
        verdict.problem = str(wrong)
    except (tarfile.TarError, EOFError, OSError) as error:
        verdict.problem = f"not a readable bundle ({type(error).__name__})"
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        verdict.problem = f"a file of the bundle is not what it should be ({type(error).__name__})"
    return verdict


def _verify_tar(tar: tarfile.TarFile, verdict: Verdict, progress: Progress | None) -> None:
    small = _small_files(tar)
    sums = orjson.loads(_needed(small, "manifest.json"))["sha256"]
    names = {member.name for member in tar.getmembers()}
    if names != {"manifest.json", *sums}:
        raise Wrong(
            f"the bundle's files are not those of its manifest: {', '.join(sorted(names ^ {'manifest.json', *sums}))}"
        )
    for name, content in small.items():
        if name != "manifest.json" and hashlib.sha256(content).hexdigest() != sums[name]:
            raise Wrong(f"{name} was changed: it is not the file of the manifest")
    signed = _signed(_needed(small, "checkpoint").decode(), _needed(small, "key").decode())
    range_ = orjson.loads(_needed(small, "range.json"))
    if range_["tree_size"] != signed.size:
        raise Wrong("range.json and the checkpoint disagree on the tree's size")
    versions = _policies((name[9:-5], content) for name, content in small.items() if name.startswith("policies/"))
    whole = range_["first"] == 0 and range_["count"] == signed.size
    reading = _Reading(verdict, versions, progress, range_["count"], complete=whole)
    positions = range_.get("positions") or range(range_["first"], range_["first"] + range_["count"])
    if len(positions) != range_["count"]:
        raise Wrong("range.json contradicts itself")
    subtrees = orjson.loads(_needed(small, "proofs.json"))["subtrees"]
    lines = tar.extractfile("records.jsonl")
    assert lines is not None
    frontier = _rebuilt(lines, positions, subtrees, reading, sums["records.jsonl"])
    if frontier.size != signed.size or frontier.root() != signed.root:
        raise Wrong("the records are not those of the signed checkpoint")
    verdict.tree_size, verdict.unfinished = signed.size, len(reading.open) if whole else 0


def _rebuilt(
    lines: IO[bytes], positions: Iterable[int], subtrees: list[dict[str, Any]], reading: _Reading, expected: str
) -> Frontier:
    """The tree from the records and the subtrees between them."""
    frontier, digest, between = Frontier(), hashlib.sha256(), iter(subtrees)
    following = next(between, None)
    for position in positions:
        while following is not None and frontier.size < position:
            frontier.push(bytes.fromhex(following["hash"]), following["level"])
            following = next(between, None)
        if frontier.size != position:
            raise Wrong(f"what stands between record {frontier.size} and record {position} is missing")
        line = lines.readline()
        digest.update(line)
        if not line.endswith(b"\n"):
            raise Wrong(f"record {position} is missing or cut")
        reading.record(position, line[:-1])
        frontier.push(leaf_hash(line[:-1]))
    while following is not None:
        frontier.push(bytes.fromhex(following["hash"]), following["level"])
        following = next(between, None)
    if lines.read(1):
        raise Wrong("there are more records than range.json says")
    if digest.hexdigest() != expected:
        raise Wrong("records.jsonl was changed: it is not the file of the manifest")
    return frontier


def _small_files(tar: tarfile.TarFile) -> dict[str, bytes]:
    """Every file but the records, bounded in size."""
    files: dict[str, bytes] = {}
    for member in tar.getmembers():
        if member.name in files or not member.isfile():
            raise Wrong(f"{member.name} is there twice, or is not a file")
        if member.name != "records.jsonl":
            if member.size > SMALL:
                raise Wrong(f"{member.name} is too large")
            file = tar.extractfile(member)
            files[member.name] = file.read() if file is not None else b""
    return files


def _needed(files: Mapping[str, bytes], name: str) -> bytes:
    if name not in files:
        raise Wrong(f"{name} is missing from the bundle")
    return files[name]


def _signed(note: str | None, verifier_key: str) -> Any:
    if note is None:
        raise Wrong("there is no checkpoint")
    try:
        return read_checkpoint(note, verifier_key)
    except ValueError as error:
        raise Wrong(str(error)) from None


def _policies(versions: Iterable[tuple[str, bytes]] | Iterator[tuple[str, bytes]]) -> dict[str, Policy]:
    """Each policy version, if its source is what its name is the hash of."""
    known = {}
    for version, source in versions:
        if hashlib.sha256(source).hexdigest() != version:
            raise Wrong(f"policy {version[:12]} was changed: it is not what its version is the hash of")
        known[version] = Policy.from_source(source)
    return known
