"""`vigie audit export`: a bundle that anyone can verify offline. *Edge*; streams, so memory does not grow.

A tar of `records.jsonl` (canonical bytes, one record a line, in ledger order), `range.json`, `checkpoint`, `key`,
`proofs.json` (the complete subtrees that cover every leaf not in the bundle), `policies/` and `manifest.json`.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import orjson
from sqlalchemy import Connection, Select, func, select

from gateway.audit.merkle import Frontier, aligned_blocks
from gateway.audit.notes import Signer
from gateway.errors import Message, Refusal
from gateway.storage import Store
from gateway.storage.tables import checkpoint, policies, records

CHUNK = 2_000


def export(
    store: Store, signer: Signer, origin: str, out: Path, *, since: str = "", until: str = "", system: str = ""
) -> int:
    """Write the bundle to `out`, whole or not at all; the number of records. Times are RFC 3339, `until` excluded."""
    with store.read() as connection, tempfile.TemporaryDirectory(dir=out.parent) as scratch:
        note = connection.execute(select(checkpoint.c.size, checkpoint.c.note)).one()
        first, end = _bounds(connection, note.size, since, until)
        chosen = select(records.c.seq, records.c.body, records.c.kind).where(
            records.c.seq >= first, records.c.seq < end
        )
        if system:
            chosen = chosen.where(records.c.system == system)
        lines = Path(scratch) / "records.jsonl"
        with lines.open("wb") as file:
            positions = _write_records(connection, chosen.order_by(records.c.seq), file)
        if not positions:
            raise Refusal(
                Message("Aucun enregistrement ne correspond.", "No record matches."),
                Message("Élargir --since, --until ou --system.", "Widen --since, --until or --system."),
                code="nothing_to_export",
            )
        range_ = {"first": positions[0], "count": len(positions), "tree_size": note.size}
        if positions[-1] - positions[0] + 1 != len(positions):
            range_["positions"] = positions
        files: dict[str, bytes] = {
            "range.json": orjson.dumps(range_),
            "checkpoint": note.note.encode(),
            "key": signer.verifier_key(origin).encode() + b"\n",
            "proofs.json": orjson.dumps({"subtrees": list(_complement(connection, positions, note.size))}),
        }
        for row in connection.execute(select(policies)):
            files[f"policies/{row.version}.json"] = row.source
        _write_tar(out, lines, files)
    return len(positions)


def _bounds(connection: Connection, size: int, since: str, until: str) -> tuple[int, int]:
    """The contiguous range of sequence numbers that covers the times asked for."""
    first, end = 0, size
    if since:
        first = connection.execute(select(func.min(records.c.seq)).where(records.c.time >= since)).scalar() or 0
    if until:
        last = connection.execute(select(func.max(records.c.seq)).where(records.c.time < until)).scalar()
        end = min(size, last + 1) if last is not None else 0
    return first, end


def _write_records(connection: Connection, chosen: Select[Any], file: IO[bytes]) -> list[int]:
    positions = []
    with connection.execute(chosen.execution_options(yield_per=CHUNK)) as rows:
        for row in rows:
            file.write(row.body + b"\n")
            positions.append(row.seq)
    return positions


def _complement(connection: Connection, positions: list[int], size: int) -> Iterator[dict[str, Any]]:
    """Every maximal aligned subtree that holds none of `positions`, from left to right."""
    at = 0
    for position in [*positions, size]:
        for start, level in aligned_blocks(at, position):
            subtree = Frontier()
            covered = records.c.seq >= start, records.c.seq < start + (1 << level)
            for row in connection.execute(select(records.c.leaf).where(*covered).order_by(records.c.seq)):
                subtree.push(row.leaf)
            yield {"start": start, "level": level, "hash": subtree.root().hex()}
        at = position + 1


def _write_tar(out: Path, lines: Path, files: dict[str, bytes]) -> None:
    digest = hashlib.sha256()
    with lines.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    sums = {"records.jsonl": digest.hexdigest()}
    sums.update({name: hashlib.sha256(content).hexdigest() for name, content in files.items()})
    files = {"manifest.json": orjson.dumps({"format": 1, "sha256": sums}, option=orjson.OPT_SORT_KEYS), **files}
    partial = lines.parent / "bundle.tar"
    with tarfile.open(partial, "w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        tar.add(lines, "records.jsonl", recursive=False)
    partial.replace(out)
