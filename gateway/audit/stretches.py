"""Where stretches of records are read from, and by whom: this process when there are few, several when many. *Edge*."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol, Self

from sqlalchemy import select

from gateway.audit.bundle import Bundle, Subtree, changed_policy
from gateway.audit.gathering import Gathering
from gateway.audit.merkle import TILE_WIDTH, tile_root
from gateway.audit.scanning import Findings, Row, Run, Scanner, Wrong
from gateway.errors import Fault, Message
from gateway.policies import Policy
from gateway.storage import Store, open_store
from gateway.storage.tables import checkpoint, keys, policies, records, subtrees, tree, usage

MANY = 20_000
AHEAD = 3
"""Stretches that each process may be ahead of the one that is being put together."""


@dataclass(slots=True)
class Stretch:
    """Some of the tree, from left to right; in a bundle, where its records lie in the file."""

    steps: list[Subtree | Run]
    count: int = 0
    offset: int = 0
    length: int = 0

    @property
    def runs(self) -> list[Run]:
        """Where its records stand."""
        return [step for step in self.steps if not isinstance(step, Subtree)]


class Reader(Protocol):
    """Reads the records of a stretch; made anew in each process."""

    @property
    def policies(self) -> Mapping[str, Policy]: ...

    def bodies(self, stretch: Stretch) -> Generator[tuple[bytes, Row]]: ...

    def close(self) -> None: ...


class Source(Protocol):
    """What is verified. `opener` is sent to other processes, which open the source again for themselves."""

    recomputing: bool

    def opener(self) -> Callable[[], Reader]: ...


class Compiled(Mapping[str, Policy]):
    """Policies by version, compiled when first asked for. `read` gives a version's source."""

    def __init__(self, versions: Mapping[str, bytes]) -> None:
        self._sources = versions
        self._known: dict[str, Policy] = {}

    def __getitem__(self, version: str) -> Policy:
        if version not in self._known:
            self._known[version] = Policy.from_source(self._sources[version])
        return self._known[version]

    def __contains__(self, version: object) -> bool:
        return version in self._sources

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)


class _FileReader:
    def __init__(self, path: Path, sources: Mapping[str, bytes]) -> None:
        self.policies = Compiled(sources)
        self._descriptor = os.open(path, os.O_RDONLY)

    def bodies(self, stretch: Stretch) -> Generator[tuple[bytes, Row]]:
        *lines, _cut = os.pread(self._descriptor, stretch.length, stretch.offset).split(b"\n")
        for line in lines:
            yield line, None

    def close(self) -> None:
        os.close(self._descriptor)


@dataclass(slots=True)
class FileSource:
    """The records of a bundle."""

    bundle: Bundle
    recomputing: bool

    def opener(self) -> Callable[[], Reader]:
        """Reads the same file."""
        sources = {version: self.bundle.read(f"policies/{version}.json") for version in self.bundle.policies()}
        return partial(_FileReader, self.bundle.path, sources)


class _StoreReader:
    def __init__(self, url: str, sources: Mapping[str, bytes]) -> None:
        self.policies = Compiled(sources)
        self._store = open_store(url)

    def bodies(self, stretch: Stretch) -> Generator[tuple[bytes, Row]]:
        ((first, count),) = stretch.runs
        columns = (records.c.seq, records.c.body, records.c.leaf, records.c.kind, records.c.decision)
        chosen = select(*columns, records.c.system, records.c.time)
        chosen = chosen.where(records.c.seq >= first, records.c.seq < first + count).order_by(records.c.seq)
        with self._store.read() as connection:
            expected = first
            for seq, body, *row in connection.execute(chosen):
                if seq != expected:
                    raise Wrong(
                        f"l'enregistrement {expected} manque", f"record {expected} is missing", position=expected
                    )
                yield body, tuple(row)
                expected += 1

    def close(self) -> None:
        self._store.close()


@dataclass(slots=True)
class StoreSource:
    """The records of a live store, as they were when it was opened, and what it keeps beside them."""

    store: Store
    recomputing: bool
    size: int = field(init=False)
    _frontier: bytes = field(init=False)
    _checkpoint: Any = field(init=False)
    _sources: dict[str, bytes] = field(init=False)
    _tokens: dict[tuple[str, str], int] = field(init=False)
    _keys: dict[str, tuple[str, str, bool]] = field(init=False)

    def __post_init__(self) -> None:
        with self.store.read() as connection:
            self.size, self._frontier = connection.execute(select(tree.c.size, tree.c.frontier)).one()
            self._checkpoint = connection.execute(select(checkpoint.c.size, checkpoint.c.note)).one_or_none()
            self._sources = {row.version: row.source for row in connection.execute(select(policies))}
            self._tokens = {(row.system, row.day): row.tokens for row in connection.execute(select(usage))}
            self._keys = {
                row.id: (row.system or "", row.person or "", row.revoked_at is not None)
                for row in connection.execute(select(keys))
            }

    def note(self) -> str:
        """The newest checkpoint. Raises `Wrong`."""
        if self._checkpoint is None:
            raise Wrong("il n'y a pas de point de contrôle", "there is no checkpoint")
        return str(self._checkpoint.note)

    def opener(self) -> Callable[[], Reader]:
        """Connects to the same store. Raises `Wrong` for a policy that is not what its version says."""
        for version, source in self._sources.items():
            if sha256(source).hexdigest() != version:
                raise changed_policy(version)
        return partial(_StoreReader, self.store.engine.url.render_as_string(hide_password=False), self._sources)

    def compare(self, gathering: Gathering, signed_size: int) -> None:
        """What the store keeps beside its records says the same as they do. Raises `Wrong`."""
        frontier = gathering.frontier
        if (frontier.size, frontier.pack()) != (self.size, self._frontier) or self._checkpoint.size != signed_size:
            raise Wrong("l'arbre ne s'accorde pas avec les enregistrements", "the tree does not agree with the records")
        gathering.policies(set(self._sources))
        if gathering.tokens != self._tokens:
            raise Wrong(
                "les jetons comptés ne sont pas ceux des enregistrements",
                "the tokens counted are not those of the records",
            )
        if gathering.keys != self._keys:
            differing = sorted({name for name, _ in gathering.keys.items() ^ self._keys.items()})
            raise Wrong(
                f"les clés ne sont pas celles des enregistrements\u00a0: {', '.join(differing)}",
                f"the keys are not those of the records: {', '.join(differing)}",
            )
        self._compare_subtrees(gathering.subtrees)
        self._check_file()

    def _compare_subtrees(self, level: list[bytes]) -> None:
        number = 1
        with self.store.read() as connection:
            while level:
                chosen = select(subtrees.c.number, subtrees.c.hash).where(
                    subtrees.c.level == number, subtrees.c.number < len(level)
                )
                if list(map(tuple, connection.execute(chosen.order_by(subtrees.c.number)))) != list(enumerate(level)):
                    raise Wrong(
                        "les tuiles gardées ne s'accordent pas avec les enregistrements",
                        "the tiles that are kept do not agree with the records",
                    )
                whole = len(level) // TILE_WIDTH * TILE_WIDTH
                level = [tile_root(level[at : at + TILE_WIDTH]) for at in range(0, whole, TILE_WIDTH)]
                number += 1

    def _check_file(self) -> None:
        """SQLite's own look at its file: indexes included, which nothing above has read."""
        if self.store.embedded:
            with self.store.read() as connection:
                said = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one()
            if said != "ok":
                raise Wrong("le fichier de la base est abîmé", "the store's file is damaged")


class Reading:
    """Reads stretches, in this process or in several, and hands on what they say in their order.

    Owns its processes, which end with it; at most `AHEAD` stretches for each wait to be put together.
    """

    def __init__(self, source: Source, total: int, apart: Sequence[int], workers: int | None) -> None:
        self._opener, self._recomputing, self._apart = source.opener(), source.recomputing, tuple(apart)
        several = len(os.sched_getaffinity(0)) if total >= MANY else 1
        self._workers = workers if workers is not None else several
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        arguments = self._opener, self._recomputing, self._apart
        if self._workers > 1:
            # A copy of this process starts at once; one that has threads of its own is not safely copied. A copy never
            # touches the connections that it inherits, and ends without closing them.
            context = multiprocessing.get_context("fork" if threading.active_count() == 1 else "spawn")
            self._pool = ProcessPoolExecutor(self._workers, context, _open, arguments)
        else:
            self._scan = _Scanning(*arguments)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        else:
            self._scan.close()

    def in_order(self, stretches: Iterator[Stretch]) -> Iterator[tuple[Stretch, Findings]]:
        """Each stretch with what it says. An error in `stretches` is raised after what came before it."""
        if self._pool is None:
            for stretch in stretches:
                yield stretch, self._scan(stretch)
            return
        waiting: deque[tuple[Stretch, Future[Findings]]] = deque()
        late: Wrong | None = None
        try:
            for stretch in stretches:
                waiting.append((stretch, self._pool.submit(_scan, stretch)))
                if len(waiting) > AHEAD * self._workers:
                    yield self._next(waiting)
        except Wrong as wrong:
            late = wrong
        while waiting:
            yield self._next(waiting)
        if late is not None:
            raise late

    @staticmethod
    def _next(waiting: deque[tuple[Stretch, Future[Findings]]]) -> tuple[Stretch, Findings]:
        stretch, future = waiting.popleft()
        try:
            return stretch, future.result()
        except BrokenProcessPool:
            raise Fault(
                Message("Un processus de vérification s'est arrêté.", "A verifying process ended."),
                Message("Réessayer; la mémoire a pu manquer.", "Try again; memory may have run out."),
                code="verification_interrupted",
            ) from None


class _Scanning:
    """A reader and a scanner of one process."""

    def __init__(self, opener: Callable[[], Reader], recomputing: bool, apart: tuple[int, ...]) -> None:
        self._reader = opener()
        self._scanner = Scanner(self._reader.policies, recomputing=recomputing)
        self._apart = apart

    def __call__(self, stretch: Stretch) -> Findings:
        with closing(self._reader.bodies(stretch)) as bodies:
            return self._scanner.scan(stretch.runs, bodies, self._apart)

    def close(self) -> None:
        self._reader.close()


_scanning: _Scanning | None = None


def _open(opener: Callable[[], Reader], recomputing: bool, apart: tuple[int, ...]) -> None:
    """In each process of the pool, once."""
    global _scanning  # noqa: PLW0603 - a pool's process has no other place for what its calls share
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _scanning = _Scanning(opener, recomputing, apart)


def _scan(stretch: Stretch) -> Findings:
    assert _scanning is not None
    return _scanning(stretch)
