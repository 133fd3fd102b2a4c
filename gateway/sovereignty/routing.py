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
    opened_at: float = 0.0
    probing: bool = False


@dataclass(slots=True)
class Breaker:
    """For each deployment: closed; open after `FAILURES` in a row for `OPEN_S`; then one probe decides.

    A suspended deployment stays so until the process restarts or a person acts: policy excludes it.
    """

    clock: Callable[[], float] = time.monotonic
    _circuits: dict[str, _Circuit] = field(default_factory=dict)
    _suspended: set[str] = field(default_factory=set)

    def allows(self, deployment: str) -> bool:
        """Whether to try it now. True once, as a probe, when the time is over."""
        circuit = self._circuits.get(deployment)
        if circuit is None or circuit.failures < FAILURES:
            return True
        if self.clock() - circuit.opened_at >= OPEN_S and not circuit.probing:
            circuit.probing = True
            return True
        return False

    def failed(self, deployment: str) -> None:
        """It did not answer as it should."""
        circuit = self._circuits.setdefault(deployment, _Circuit())
        circuit.failures += 1
        circuit.opened_at, circuit.probing = self.clock(), False

    def succeeded(self, deployment: str) -> None:
        """It answered."""
        self._circuits.pop(deployment, None)

    def suspend(self, deployment: str) -> None:
        """Its answers contradicted its entry."""
        self._suspended.add(deployment)

    def suspended(self, deployment: str) -> bool:
        """Whether its answers contradicted its entry."""
        return deployment in self._suspended
