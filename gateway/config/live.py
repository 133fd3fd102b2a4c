"""The running configuration, and how another takes its place: whole, or not at all. *Edge*."""

from __future__ import annotations

from pathlib import Path

from gateway.config.loading import Configuration, load
from gateway.config.problems import ConfigurationError, Problem

Stamp = tuple[tuple[str, int, int], ...]


class Live:
    """Owned by the composition root. `current` is replaced by one assignment, so a call sees one version throughout.

    `problems` says why the files as they stand now were refused; it is empty when they are those that run.
    """

    def __init__(self, directory: Path) -> None:
        """Raises `ConfigurationError`: there is no running version to fall back on."""
        self._directory = directory
        self._seen = self._stamp()
        self.current: Configuration = load(directory)
        self.problems: tuple[Problem, ...] = ()

    def candidate(self) -> Configuration | None:
        """The files as a new configuration, if they changed since last asked and are whole. Reads the disk."""
        stamp = self._stamp()
        if stamp == self._seen:
            return None
        self._seen = stamp
        try:
            candidate = load(self._directory)
        except ConfigurationError as error:
            self.problems = error.problems
            return None
        self.problems = ()
        return candidate if candidate.version != self.current.version else None

    def adopt(self, candidate: Configuration) -> None:
        """From here on, calls see `candidate`."""
        self.current = candidate

    def _stamp(self) -> Stamp:
        """Name, time and size of each file: what tells that something was written."""
        stamps = []
        for path in sorted(self._directory.rglob("*.yaml")):
            try:
                status = path.stat()
            except OSError:
                continue
            stamps.append((str(path), status.st_mtime_ns, status.st_size))
        return tuple(stamps)
