"""The export bundle's files: how they are laid out, written and read. *Edge*. Nothing here grows with the ledger.

    records.jsonl   the canonical bytes of each record, one a line, in ledger order
    range.json      {"first": 0, "count": n, "tree_size": m}
    checkpoint      the signed note; key: whose signature it bears
    proofs.json     {"blocks": [hash, …], "subtrees": [{"hash", "level", "start"}, …]}, one element a line
    policies/       each policy version, by its hash
    timestamps/     what an authority stamped (.checkpoint) and its answer (.tsr), if there are any
    manifest.json   {"format": 1, "sha256": {file: hash, …}}

`subtrees` are the complete subtrees that cover every leaf that is not in the bundle, from left to right; what they leave
free is where the records stand. `blocks` are the hashes of each block of 256 records that is whole in the bundle: they
prove nothing more, they tell where a change is.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

import orjson

from gateway.audit.scanning import Run, Wrong
from gateway.audit.stamps import CHECKPOINT, TOKEN, Stamp

SMALL = 64 * 1024 * 1024
FORMAT = 1
STAMPS = "timestamps/"
BLOCKS, BETWEEN, END = b'{"blocks":[\n', b'],"subtrees":[\n', b"]}\n"


@dataclass(frozen=True, slots=True)
class Subtree:
    """A complete subtree of 2**level leaves from leaf `start`, none of which is in the bundle."""

    start: int
    level: int
    hash: bytes

    def line(self) -> bytes:
        """As it stands in `proofs.json`."""
        return orjson.dumps({"hash": self.hash.hex(), "level": self.level, "start": self.start})


@dataclass(frozen=True, slots=True)
class Range:
    """`range.json`: the first position, the number of records, and the size of the tree that they are a part of."""

    first: int
    count: int
    tree_size: int

    @classmethod
    def read(cls, content: bytes) -> Range:
        """Raises `Wrong`."""
        value = orjson.loads(content)
        if type(value) is not dict or set(value) != {"first", "count", "tree_size"}:
            raise Wrong("range.json n'est pas ce qu'il devrait être", "range.json is not what it should be")
        if any(type(one) is not int or one < 0 for one in value.values()):
            raise Wrong("range.json n'est pas ce qu'il devrait être", "range.json is not what it should be")
        return cls(**value)


@dataclass(frozen=True, slots=True)
class File:
    """Where a member's bytes are in the tar."""

    offset: int
    size: int


class Bundle:
    """An open bundle. Files are read where they lie; none but a policy is ever held whole beside the small ones."""

    def __init__(self, path: Path) -> None:
        """Raises `Wrong`, `OSError` or `tarfile.TarError`."""
        self.path = path
        self.files: dict[str, File] = {}
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                if member.name in self.files or member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
                    raise Wrong(
                        f"{member.name} est là deux fois, ou n'est pas un fichier",
                        f"{member.name} is there twice, or is not a file",
                    )
                self.files[member.name] = File(member.offset_data, member.size)
        self._file = path.open("rb", buffering=1 << 20)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, name: str) -> bytes:
        """A small file, whole. Raises `Wrong`."""
        file = self.needed(name)
        if file.size > SMALL:
            raise Wrong(f"{name} est trop gros", f"{name} is too large")
        self._file.seek(file.offset)
        return self._file.read(file.size)

    def text(self, name: str) -> str:
        """A small file that is text. Raises `Wrong`."""
        try:
            return self.read(name).decode()
        except UnicodeDecodeError:
            raise Wrong(f"{name} n'est pas du texte", f"{name} is not text") from None

    def needed(self, name: str) -> File:
        """Where a file is. Raises `Wrong`."""
        if name not in self.files:
            raise Wrong(f"{name} manque au lot", f"{name} is missing from the bundle")
        return self.files[name]

    def policies(self) -> list[str]:
        """The versions that are there."""
        return [name[9:-5] for name in self.files if name.startswith("policies/") and name.endswith(".json")]

    def stamps(self) -> tuple[Stamp, ...]:
        """The time stamps that are there, oldest first. Raises `Wrong` for one without its checkpoint."""
        tokens = sorted(name for name in self.files if name.startswith(STAMPS) and name.endswith(TOKEN))
        found = []
        for token in tokens:
            name = token.removesuffix(TOKEN)
            found.append(Stamp(name, self.read(name + CHECKPOINT), self.read(token)))
        return tuple(found)

    def manifest(self) -> dict[str, str]:
        """The SHA-256 of each file. Raises `Wrong` unless it is of exactly the files that are there."""
        value = orjson.loads(self.read("manifest.json"))
        if type(value) is not dict or set(value) != {"format", "sha256"} or value["format"] != FORMAT:
            raise Wrong("manifest.json n'est pas de cette forme", "manifest.json is not of this format")
        sums: dict[str, str] = value["sha256"]
        differing = set(self.files) ^ {"manifest.json", *sums}
        if differing:
            raise Wrong(
                f"les fichiers du lot ne sont pas ceux du manifeste\u00a0: {', '.join(sorted(differing))}",
                f"the bundle's files are not those of its manifest: {', '.join(sorted(differing))}",
            )
        return sums

    def check(self, name: str, expected: str) -> None:
        """Raises `Wrong` if a file's SHA-256 is not `expected`."""
        file, digest = self.needed(name), hashlib.sha256()
        self._file.seek(file.offset)
        left = file.size
        while left > 0:
            part = self._file.read(min(1 << 20, left))
            if not part:
                break
            digest.update(part)
            left -= len(part)
        if left or digest.hexdigest() != expected:
            raise changed(name)

    def subtrees(self) -> Iterator[Subtree]:
        """`proofs.json`'s subtrees, as they are read. Raises `Wrong`."""
        for line in self._elements(BETWEEN, END):
            value = orjson.loads(line)
            one = Subtree(value["start"], value["level"], bytes.fromhex(value["hash"]))
            if one.line() != line or len(one.hash) != 32 or not 0 <= one.level < 64 or one.start < 0:
                raise Wrong("proofs.json n'est pas ce qu'il devrait être", "proofs.json is not what it should be")
            yield one

    def blocks(self) -> Iterator[bytes]:
        """`proofs.json`'s blocks, as they are read. Raises `Wrong`."""
        for line in self._elements(BLOCKS, BETWEEN):
            yield bytes.fromhex(orjson.loads(line))

    def _elements(self, opening: bytes, closing: bytes) -> Iterator[bytes]:
        """The elements between two lines of `proofs.json`, with a cursor of their own."""
        file = self.needed("proofs.json")
        left, inside = file.size, False
        with self.path.open("rb") as lines:
            lines.seek(file.offset)
            while left > 0 and (line := lines.readline()):
                left -= len(line)
                if inside and line == closing and (closing != END or left == 0):
                    return
                if inside:
                    yield line.removesuffix(b"\n").removesuffix(b",")
                inside = inside or line == opening
        raise Wrong("proofs.json n'est pas ce qu'il devrait être", "proofs.json is not what it should be")


def places(subtrees: Iterable[Subtree], tree_size: int) -> Iterator[Subtree | Run]:
    """The tree from left to right: subtrees, and between them the runs where records stand. Raises `Wrong`."""
    at = 0
    for one in subtrees:
        end = one.start + (1 << one.level)
        if one.start < at or one.start % (1 << one.level) or end > tree_size:
            raise Wrong("proofs.json se contredit", "proofs.json contradicts itself")
        if one.start > at:
            yield at, one.start - at
        yield one
        at = end
    if at < tree_size:
        yield at, tree_size - at


def changed(name: str) -> Wrong:
    """A file that is not the manifest's."""
    return Wrong(
        f"{name} a été modifié\u00a0: ce n'est pas le fichier du manifeste",
        f"{name} was changed: it is not the file of the manifest",
    )


def changed_policy(version: str) -> Wrong:
    """A policy whose source is not what its version is the hash of."""
    return Wrong(
        f"la politique {version[:12]} a été modifiée\u00a0: sa version n'en est pas l'empreinte",
        f"policy {version[:12]} was changed: it is not what its version is the hash of",
    )


class Writing:
    """A bundle being written to `file`; `sums` gathers its manifest. `records` come as a stream of unknown length."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._tar = tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT)  # noqa: SIM115 - closed by `end`
        self.sums: dict[str, str] = {}

    def add(self, name: str, content: bytes) -> None:
        """A small file."""
        self.sums[name] = hashlib.sha256(content).hexdigest()
        self._tar.addfile(_member(name, len(content)), io.BytesIO(content))

    def add_stream(self, name: str, parts: Iterable[bytes]) -> None:
        """A file whose length is known once it is written: its header is written first, and again at its end."""
        digest, size, header = hashlib.sha256(), 0, self._tar.offset
        self._tar.addfile(_member(name, 0))
        for part in parts:
            digest.update(part)
            self._file.write(part)
            size += len(part)
        self._file.write(b"\0" * (-size % tarfile.BLOCKSIZE))
        self._tar.offset = end = self._file.tell()
        self._file.seek(header)
        self._file.write(_member(name, size).tobuf(tarfile.GNU_FORMAT))
        self._file.seek(end)
        self.sums[name] = digest.hexdigest()

    def end(self) -> None:
        """Write the manifest and close the tar."""
        content = orjson.dumps({"format": FORMAT, "sha256": self.sums}, option=orjson.OPT_SORT_KEYS)
        self._tar.addfile(_member("manifest.json", len(content)), io.BytesIO(content))
        self._tar.close()


def proofs(blocks: IO[bytes], subtrees: IO[bytes]) -> Iterator[bytes]:
    """`proofs.json` of two files that hold an element a line."""
    yield BLOCKS
    yield from _listed(blocks)
    yield BETWEEN
    yield from _listed(subtrees)
    yield END


def _listed(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    before = b""
    for line in file:
        if before:
            yield before + b",\n"
        before = line.rstrip(b"\n")
    if before:
        yield before + b"\n"


def _member(name: str, size: int) -> tarfile.TarInfo:
    """The same bundle is the same bytes: no owner, no time."""
    member = tarfile.TarInfo(name)
    member.size = size
    return member
