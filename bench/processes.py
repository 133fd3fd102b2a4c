"""Processes that the bench starts: their start, their end, and what they cost. *Edge*.

Each is a session of its own, ended by its own id. While another is measured it is frozen (SIGSTOP), so that what a peer
does when idle is nobody else's cost.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil


class NotReady(Exception):
    """A process ended, or did not answer in time; the message ends with what it wrote last."""


@dataclass(frozen=True, slots=True)
class Running:
    """A started process and everything that it started."""

    process: subprocess.Popen[bytes]
    log: Path

    def tree(self) -> list[psutil.Process]:
        try:
            top = psutil.Process(self.process.pid)
            return [top, *top.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def freeze(self) -> None:
        for one in self.tree():
            _signal(one.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        for one in reversed(self.tree()):
            _signal(one.pid, signal.SIGCONT)

    def cpu_s(self) -> float:
        """Processor time so far, user and system, of the whole tree."""
        total = 0.0
        for one in self.tree():
            with contextlib.suppress(psutil.NoSuchProcess):
                times = one.cpu_times()
                total += times.user + times.system
        return total

    def pss_mb(self) -> float:
        """Proportional set size of the whole tree: shared pages are counted once."""
        total = 0
        for one in self.tree():
            with contextlib.suppress(psutil.NoSuchProcess):
                total += one.memory_full_info().pss
        return total / 1_048_576

    def require_alive(self) -> None:
        if self.process.poll() is not None:
            raise NotReady(f"exit {self.process.returncode}: {self.last_words()}")

    def last_words(self) -> str:
        lines = self.log.read_text("utf-8", "replace").strip().splitlines()
        return " / ".join(line.strip() for line in lines[-3:])[-400:]

    def stop(self) -> None:
        """Ask, then insist; the children too."""
        self.thaw()
        tree = self.tree()
        for one in tree:
            _signal(one.pid, signal.SIGTERM)
        _, left = psutil.wait_procs(tree, timeout=8)
        for one in left:
            _signal(one.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)


def start(
    command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Running:
    with log.open("wb") as output:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            cwd=cwd,
            start_new_session=True,
        )
    return Running(process, log)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(running: Running, port: int, timeout_s: float) -> None:
    """Until something listens there. Raises `NotReady`."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        running.require_alive()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.01)
    raise NotReady(f"nothing listens after {timeout_s:.0f} s: {running.last_words()}")


def _signal(pid: int, which: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, which)
