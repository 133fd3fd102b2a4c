"""The gateway's end of the analyser's processes: start the template, have it fork, ask a worker, end one. *Edge*."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from gateway.config import Privacy

LOADING_S = 120
FORKING_S = 20
# One thread a process: workers are the parallelism, and a process with threads cannot be forked safely.
ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

Findings = list[list[tuple[int, int, str, float]] | None]


class Failed(Exception):
    """A process did not start, died, or did not answer in time."""


class Worker:
    """A worker, by its socket. Owned by the one task that asks it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, process_id: int) -> None:
        self._reader, self._writer = reader, writer
        self.process_id = process_id
        self._ended = False
        self._handle: int | None = None
        with contextlib.suppress(OSError, AttributeError):
            self._handle = os.pidfd_open(process_id)  # keeps meaning this process, even when its number is used again

    async def ask(self, texts: Sequence[tuple[str, str | None]], timeout_s: float) -> Findings:
        """The findings of each text. Raises `Failed`; then the worker is of no more use."""
        try:
            async with asyncio.timeout(timeout_s):
                message = orjson.dumps([[_encodable(text), language] for text, language in texts])
                self._writer.write(len(message).to_bytes(4, "big") + message)
                await self._writer.drain()
                found: Findings = await _receive(self._reader)
        except (TimeoutError, OSError, asyncio.IncompleteReadError, ValueError) as error:
            raise Failed from error
        if len(found) != len(texts):
            raise Failed
        return found

    def end(self) -> None:
        """End it at once, whatever it does."""
        if self._ended:
            return
        self._ended = True
        with contextlib.suppress(OSError):
            if self._handle is None:
                os.kill(self.process_id, signal.SIGKILL)
            else:
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
        if self._handle is not None:
            os.close(self._handle)
        self._writer.close()


class Template:
    """The process that loads once and forks workers. `worker` starts it when it is not there."""

    def __init__(self, settings: Privacy, own: Path | None) -> None:
        self._settings, self._own = settings, own
        self._process: asyncio.subprocess.Process | None = None
        self._control: socket.socket | None = None
        self._lock = asyncio.Lock()

    @property
    def process_id(self) -> int | None:
        """The template's own process, if it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def worker(self) -> Worker:
        """A new worker that answers. Raises `Failed`."""
        async with self._lock:
            if self.process_id is None:
                await self._load()
            try:
                return await self._fork()
            except (TimeoutError, OSError, asyncio.IncompleteReadError, ValueError) as error:
                await self._discard()
                raise Failed from error

    async def stop(self) -> None:
        """End it and every worker that it still has."""
        async with self._lock:
            await self._discard()

    async def _load(self) -> None:
        await self._discard()
        ours, theirs = socket.socketpair()
        try:
            told = {**self._settings.model_dump(mode="json"), "own": str(self._own) if self._own is not None else None}
            arguments = [orjson.dumps(told).decode(), str(theirs.fileno())]
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "gateway.privacy.worker",
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                pass_fds=(theirs.fileno(),),
                env={**os.environ, **ENVIRONMENT},
            )
            self._control = ours
            assert self._process.stdout is not None
            async with asyncio.timeout(LOADING_S):
                await self._process.stdout.readexactly(1)
        except (TimeoutError, OSError, asyncio.IncompleteReadError) as error:
            ours.close()
            await self._discard()
            raise Failed from error
        except asyncio.CancelledError:
            ours.close()
            await self._discard()
            raise
        finally:
            theirs.close()

    async def _fork(self) -> Worker:
        assert self._control is not None
        ours, theirs = socket.socketpair()
        try:
            ours.setblocking(False)
            socket.send_fds(self._control, [b"f"], [theirs.fileno()])
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        reader, writer = await asyncio.open_connection(sock=ours)
        try:
            async with asyncio.timeout(FORKING_S):
                return Worker(reader, writer, await _receive(reader))
        except BaseException:
            writer.close()
            raise

    async def _discard(self) -> None:
        """Close the control socket, which ends the template once its workers have; kill it if it does not listen."""
        process, self._process = self._process, None
        if self._control is not None:
            self._control.close()
            self._control = None
        if process is None:
            return
        try:
            async with asyncio.timeout(2):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _receive(reader: asyncio.StreamReader) -> Any:
    size = int.from_bytes(await reader.readexactly(4), "big")
    return orjson.loads(await reader.readexactly(size))


def _encodable(text: str) -> str:
    """Lone surrogates, which JSON cannot carry, replaced one for one."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
