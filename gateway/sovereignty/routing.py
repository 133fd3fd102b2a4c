"""Ranking what policy admits, and the circuit breaker. Decisions; the breaker is memory of one process, clock passed in."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gateway.config import Deployment
from gateway.policies import Facts

FAILURES = 5
OPEN_S = 15.0


def rank(admitted: Sequence[tuple[Deployment, Facts, int]]) -> list[Deployment]:
    """(deployment, its facts, preference) → most sovereign first; then what policy prefers; then the operator's order."""
    ordered = sorted(
        enumerate(admitted),
        key=lambda one: (one[1][1]["deployment.tier"], -one[1][2], one[0]),
    )
    return [deployment for _, (deployment, _, _) in ordered]


@dataclass(slots=True)
class _Circuit:
    failures: int = 0
    last: float = 0.0


@dataclass(slots=True)
class Breaker:
    """For each deployment: closed; open after `FAILURES` in a row; then one probe each `OPEN_S`, until one succeeds.

    A probe is only a moment from which the next is counted, so a probe whose end is never told (its client left, its
    process was cancelled) shuts nobody out.
    """

    clock: Callable[[], float] = time.monotonic
    _circuits: dict[str, _Circuit] = field(default_factory=dict)

    def allows(self, deployment: str) -> bool:
        """Whether to try it now. While it is open: True once each `OPEN_S`."""
        circuit = self._circuits.get(deployment)
        if circuit is None or circuit.failures < FAILURES:
            return True
        now = self.clock()
        if now - circuit.last < OPEN_S:
            return False
        circuit.last = now
        return True

    def failed(self, deployment: str) -> None:
        """It did not answer as it should."""
        circuit = self._circuits.setdefault(deployment, _Circuit())
        circuit.failures += 1
        circuit.last = self.clock()

    def succeeded(self, deployment: str) -> None:
        """It gave a whole answer."""
        self._circuits.pop(deployment, None)
