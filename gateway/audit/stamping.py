"""The ledger's anchors outside the database: a checkpoint a day in files, and time stamps (RFC 3161). *Edge*: files.

Who owns what: `Stamps` owns `data/timestamps`; `Anchoring` is the loop of a running gateway, one turn of which never raises
and never delays a call. `ask` takes a request to an authority, within bounds, by the one door out (`providers`); only a
hash goes out by it. What fails is told, and tried again after `RETRY_S`. Of several processes on one host, one stamps at
a time (a lock on a file); replicas on other hosts stamp for themselves, which does no harm.

Why files: whoever holds the signing key can make a whole ledger again. What stands in a directory that they cannot write
(`ledger.anchors`), or bears an authority's signature, they cannot.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway.audit.signing import write_once
from gateway.audit.stamps import CHECKPOINT, TOKEN, Stamp, asked_for, received
from gateway.config import LedgerSettings
from gateway.errors import Fault, Message

Ask = Callable[[str, bytes], Awaitable[bytes]]
"""Takes a request (DER) to the authority at an address: its answer. Raises a `Fault`."""

EVERY_S = 2.0
RETRY_S = 300.0
STAMPS = "timestamps"
EMPTY = "0"


class AnchorUnwritable(Fault):
    """A directory of anchors cannot be written."""

    code = "anchor_unwritable"


class Stamps:
    """The time stamps of an installation, each in two files: the checkpoint, and the authority's answer."""

    def __init__(self, data: Path) -> None:
        self.directory = data / STAMPS

    def newest(self) -> tuple[int, float]:
        """(size of the tree, seconds since 1970) of the newest stamp; zeros when there is none."""
        names = sorted(self.directory.glob(f"*{TOKEN}"))
        return (int(names[-1].stem), names[-1].stat().st_mtime) if names else (0, 0.0)

    def keep(self, stamp: Stamp, also: Path | None = None) -> Path:
        """Write a stamp: on disk when this returns, and the checkpoint before the answer. `also`: a second directory.

        Raises `AnchorUnwritable`.
        """
        for directory in (self.directory, also):
            if directory is not None:
                keep(directory / f"{stamp.name}{CHECKPOINT}", stamp.checkpoint)
                keep(directory / f"{stamp.name}{TOKEN}", stamp.token)
        return self.directory / f"{stamp.name}{TOKEN}"

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Whether this process is the one that may stamp now."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.directory / ".lock").open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True


async def stamp_checkpoint(checkpoint: str, url: str, ask: Ask) -> Stamp:
    """Have an authority stamp a checkpoint. Raises a `Fault`."""
    request = asked_for(checkpoint.encode())
    return received(request, checkpoint.encode(), await ask(url, request.as_bytes()))


class Anchoring:
    """Keeps the anchors of a running gateway. `checkpoint` reads the newest; `told` hears of what failed."""

    def __init__(
        self,
        settings: LedgerSettings,
        data: Path,
        checkpoint: Callable[[], str],
        ask: Ask,
        told: Callable[[BaseException], None],
        zone: ZoneInfo,
    ) -> None:
        self._settings, self._checkpoint, self._ask, self._told = settings, checkpoint, ask, told
        self._stamps, self._zone = Stamps(data), zone
        self._not_before = 0.0

    async def forever(self) -> None:
        """Turn after turn, while there is anything to keep."""
        while self._settings.timestamps is not None or self._settings.anchors is not None:
            await asyncio.sleep(EVERY_S)
            if time.monotonic() >= self._not_before:
                await self.turn()

    async def turn(self) -> None:
        """What is due now. Never raises: what fails is told, and tried again later."""
        try:
            await asyncio.to_thread(self._keep_today)
            await self._stamp()
        except Exception as error:  # noqa: BLE001 - anchors wait; the gateway goes on
            self._not_before = time.monotonic() + RETRY_S
            self._told(error)

    def _keep_today(self) -> None:
        if self._settings.anchors is None:
            return
        day = datetime.now(self._zone).date().isoformat()
        path = Path(self._settings.anchors) / f"{day}{CHECKPOINT}"
        if not path.exists() and size_of(note := self._checkpoint()) != EMPTY:
            keep(path, note.encode())

    async def _stamp(self) -> None:
        wanted = self._settings.timestamps
        if wanted is None:
            return
        size, at = await asyncio.to_thread(self._stamps.newest)
        if time.time() - at < wanted.every_s:
            return
        with self._stamps.alone() as alone:
            note = await asyncio.to_thread(self._checkpoint) if alone else ""
            if not alone or int(size_of(note)) <= size:
                return
            stamp = await stamp_checkpoint(note, wanted.url, self._ask)
            anchors = self._settings.anchors
            await asyncio.to_thread(self._stamps.keep, stamp, Path(anchors) if anchors is not None else None)


def stamps_in(directory: Path) -> tuple[Stamp, ...]:
    """The stamps of a directory, oldest first. Raises `OSError` for an answer without its checkpoint."""
    tokens = sorted(directory.glob(f"*{TOKEN}"))
    return tuple(Stamp(one.stem, one.with_suffix(CHECKPOINT).read_bytes(), one.read_bytes()) for one in tokens)


def size_of(note: str) -> str:
    """The size of the tree that a checkpoint is of."""
    return note.split("\n", 2)[1]


def keep(path: Path, content: bytes) -> None:
    """Write a file whole, or not at all, and never over another; on disk when this returns. Raises `AnchorUnwritable`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(name, path)
            except FileExistsError:
                pass  # another process was first: what it wrote stays
            except OSError:  # a share or an archive that has no links: then at once under its name
                write_once(path, content)
        finally:
            Path(name).unlink()
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except OSError as error:
        raise AnchorUnwritable(
            Message("Le dossier des ancres ne peut pas être écrit.", "The directory of anchors cannot be written."),
            Message(f"{path.parent}\u00a0: {error.strerror}.", f"{path.parent}: {error.strerror}."),
        ) from None
