"""Metrics: the table of what is counted, and the counters. *Edge*: memory, or files shared between worker processes.

Names and units are OpenTelemetry's (GenAI conventions where they exist); Prometheus' spelling is derived from them.
Every label's values are a closed set (outcomes, codes) or named in `config/` (systems, models, deployments, rules), and
past `MOST_SERIES` combinations a metric folds what is new into `other`, so that memory stays bounded whatever happens.

Why prometheus_client's primitives and not OpenTelemetry's instruments: docs/decisions/0002.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

MOST_SERIES = 2000
_SHARED = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client's own name; read once, when it is imported

_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_TOKENS = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. `labels` by OpenTelemetry's names; `buckets` for histograms only, upper bounds in `unit`."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    unit: str
    labels: tuple[str, ...]
    fr: str
    en: str
    buckets: tuple[float, ...] = ()

    @property
    def prometheus(self) -> str:
        """The name on `/metrics`, without the suffixes (`_total`, `_bucket`…) of its kind."""
        name = self.name.replace(".", "_")
        return f"{name}_seconds" if self.unit == "s" else name


_SERVED_BY = ("gen_ai.operation.name", "gen_ai.request.model", "vigie.deployment")

METRICS: tuple[Metric, ...] = (
    Metric(
        "gen_ai.client.operation.duration", "histogram", "s", _SERVED_BY,
        "Durée d'un appel servi, de la demande à la fin de la réponse.",
        "Duration of a served call, from the request to the end of the answer.", _SECONDS,
    ),
    Metric(
        "gen_ai.client.operation.time_to_first_chunk", "histogram", "s", _SERVED_BY,
        "Délai jusqu'au premier fragment d'une réponse en continu.",
        "Time to the first chunk of a streamed answer.", _SECONDS,
    ),
    Metric(
        "gen_ai.client.token.usage", "histogram", "{token}", (*_SERVED_BY, "gen_ai.token.type"),
        "Jetons par appel, selon le fournisseur (input : demande; output : réponse).",
        "Tokens of a call as the provider counts them (input: request; output: answer).", _TOKENS,
    ),
    Metric(
        "vigie.calls", "counter", "{call}", ("vigie.system", "vigie.outcome", "vigie.code"),
        "Appels terminés, par système, issue (served, refused) et code de refus.",
        "Finished calls, by system, outcome (served, refused) and refusal code.",
    ),
    Metric(
        "vigie.tokens", "counter", "{token}", ("vigie.system", "gen_ai.token.type"),
        "Jetons consommés par système.",
        "Tokens used by each system.",
    ),
    Metric(
        "vigie.rule.matches", "counter", "{match}", ("vigie.rule",),
        "Appels où une règle s'est appliquée.",
        "Calls that a rule applied to.",
    ),
    Metric(
        "vigie.residency", "counter", "{call}", ("vigie.deployment", "vigie.residency"),
        "Lieu de traitement attesté par le fournisseur : confirmed, contradicted, unattested.",
        "Where processing happened, as the provider reports it: confirmed, contradicted, unattested.",
    ),
    Metric(
        "vigie.security.events", "counter", "{event}", ("vigie.event",),
        "Événements de sécurité.",
        "Security events.",
    ),
    Metric(
        "vigie.faults", "counter", "{fault}", ("error.type",),
        "Erreurs imprévues, par type; chacune a refusé son appel.",
        "Unexpected errors, by type; each refused its call.",
    ),
    Metric(
        "vigie.configuration.adopted", "counter", "{adoption}", (),
        "Configurations adoptées sans redémarrage.",
        "Configurations adopted without a restart.",
    ),
    Metric(
        "vigie.requests.active", "gauge", "{request}", (),
        "Requêtes HTTP en cours.",
        "HTTP requests in progress.",
    ),
)  # fmt: skip


def share_between_processes(folder: Path) -> None:
    """Make worker processes started after this count together, in files of `folder` (emptied first).

    Call it in the parent, before anything imports prometheus_client. One process alone needs none of it.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    os.environ[_SHARED] = str(folder)


class Series:
    """One metric's counters, found by label values in one dictionary look-up (about 1 µs with its update)."""

    __slots__ = ("_children", "_instrument", "_labels", "metric")

    def __init__(self, metric: Metric, registry: CollectorRegistry) -> None:
        self.metric = metric
        self._labels = tuple(label.replace(".", "_") for label in metric.labels)
        self._instrument = _instrument(metric, self._labels, registry)
        self._children: dict[tuple[str, ...], Counter | Gauge | Histogram] = {}

    def _child(self, values: tuple[str, ...]) -> Counter | Gauge | Histogram:
        child = self._children.get(values)
        if child is None:
            if len(self._children) >= MOST_SERIES:
                values = ("other",) * len(self._labels)
            child = self._instrument.labels(*values) if self._labels else self._instrument
            self._children[values] = child
        return child

    def add(self, amount: float, *values: str) -> None:
        """To a counter or a gauge. `values` in the order of the metric's labels."""
        self._child(values).inc(amount)  # type: ignore[union-attr]

    def record(self, amount: float, *values: str) -> None:
        """In a histogram."""
        self._child(values).observe(amount)  # type: ignore[union-attr]


def _instrument(metric: Metric, labels: tuple[str, ...], registry: CollectorRegistry) -> Counter | Gauge | Histogram:
    import prometheus_client

    name, description = metric.prometheus, f"{metric.fr} · {metric.en}"
    if metric.kind == "histogram":
        return prometheus_client.Histogram(name, description, labels, buckets=metric.buckets, registry=registry)
    if metric.kind == "gauge":
        return prometheus_client.Gauge(name, description, labels, registry=registry, multiprocess_mode="livesum")
    return prometheus_client.Counter(name, description, labels, registry=registry)


class Meters:
    """All of `METRICS`, by name. Each instance has a registry of its own."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, ProcessCollector

        self.registry = CollectorRegistry()
        self._series: Mapping[str, Series] = {one.name: Series(one, self.registry) for one in METRICS}
        if _SHARED not in os.environ:
            ProcessCollector(registry=self.registry)

    def __getitem__(self, name: str) -> Series:
        return self._series[name]

    def whole(self) -> CollectorRegistry:
        """What `/metrics` shows: this process, or all the processes that share a folder."""
        if _SHARED not in os.environ:
            return self.registry
        from prometheus_client import CollectorRegistry
        from prometheus_client.multiprocess import MultiProcessCollector

        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return registry

    def render(self) -> tuple[bytes, str]:
        """Prometheus text, and its content type."""
        from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0, generate_latest

        return generate_latest(self.whole()), CONTENT_TYPE_PLAIN_1_0_0
