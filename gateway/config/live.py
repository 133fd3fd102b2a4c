"""The running configuration, and how another takes its place: whole, or not at all. *Edge*."""

from __future__ import annotations

import time
from pathlib import Path

from gateway.config.loading import Configuration, load
from gateway.config.models import Settings
from gateway.config.problems import ConfigurationError, Problem
from gateway.errors import Message

SETTLED_S = 2.0
TAKEN_UP = ("listener", "notices", "retention", "supervision")
"""Sections of vigie.yaml that act at once; of the listener, but for what is read at start."""
Stamp = tuple[tuple[str, int, int, int], ...]


class Live:
    """Owned by the composition root. `current` is replaced by one assignment, so a call sees one version throughout.

    `problems` says why the files as they stand now were refused; it is empty when they are those that run.
    """

    def __init__(self, directory: Path) -> None:
        """Raises `ConfigurationError`: there is no running version to fall back on."""
        self._directory = directory
        self._read: Stamp | None = self._stamp()
        self.current: Configuration = load(directory)
        self._started = self.current.settings
        self._waiting: Configuration | None = None
        self.problems: tuple[Problem, ...] = ()

    def candidate(self) -> Configuration | None:
        """The files as a new configuration, if they changed and are whole; the same until it is adopted. Reads the disk.

        Files that change while they are read are read again next time, and so are files written so lately that another
        write could bear the same time: what is adopted is what stands there, not half of it.
        """
        stamp = self._stamp()
        if stamp == self._read:
            return self._waiting
        problems: tuple[Problem, ...] = ()
        candidate = None
        try:
            candidate = load(self._directory)
        except ConfigurationError as error:
            problems = error.problems
        except Exception as error:  # noqa: BLE001 - a mistake of ours in reading must not stop the gateway, nor be hidden
            name = type(error).__name__
            problems = (
                Problem("config/", 1, 1, Message(f"Lecture impossible\u00a0: {name}.", f"Unreadable: {name}.")),
            )
        if self._stamp() != stamp:
            return None
        self._read = stamp if _settled(stamp) else None
        self.problems = problems
        self._waiting = candidate if candidate is not None and candidate.version != self.current.version else None
        return self._waiting

    def adopt(self, candidate: Configuration) -> None:
        """From here on, calls see `candidate`."""
        self.current, self._waiting = candidate, None

    def restart_needed(self) -> tuple[str, ...]:
        """The parts of vigie.yaml that say something else than when this process started, and act at the next start."""
        now, then = self.current.settings, self._started
        names = [
            name for name in Settings.model_fields if name not in TAKEN_UP and getattr(now, name) != getattr(then, name)
        ]
        kept = ("host", "port", "request_within_s", "stalled_client_s")
        names += [f"listener.{name}" for name in kept if getattr(now.listener, name) != getattr(then.listener, name)]
        return tuple(names)

    def _stamp(self) -> Stamp:
        """Name, identity, time and size of each file: what tells that something was written, or put in its place."""
        stamps = []
        for path in sorted(self._directory.rglob("*.yaml")):
            try:
                status = path.stat()
            except OSError:
                continue
            stamps.append((str(path), status.st_ino, status.st_mtime_ns, status.st_size))
        return tuple(stamps)


def _settled(stamp: Stamp) -> bool:
    """Whether the newest of the files is old enough for another write to have another time."""
    return all(abs(time.time_ns() - modified) > SETTLED_S * 1e9 for _, _, modified, _ in stamp)
