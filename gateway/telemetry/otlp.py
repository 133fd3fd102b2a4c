"""Sending to a collector over OTLP/HTTP: spans by OpenTelemetry's own processor, metrics from our counters. *Edge*.

Metrics are sent cumulative, once a minute, from a thread of this module's own: it reads the counters that `/metrics`
shows, so the two never disagree. A collector that is slow or away costs a call nothing; what it misses, the next
minute's cumulative numbers make good. Each process sends its own counters, told apart by `service.instance.id`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.telemetry.metrics import METRICS, Meters, Metric
from gateway.telemetry.tracing import Spans, resource

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import DataT, HistogramDataPoint, MetricExporter, MetricsData
    from prometheus_client.metrics_core import Metric as Family
    from prometheus_client.samples import Sample

EVERY_S = 60.0
TIMEOUT_S = 5.0


def open_spans(endpoint: str, ratio: float) -> Spans:
    """Spans to `endpoint`, the collector's base URL, in batches from a thread of OpenTelemetry's."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=TIMEOUT_S)
    return Spans(BatchSpanProcessor(exporter), ratio)


class MetricsToCollector:
    """Sends the counters until closed. Owned by `Telemetry`. `exporter` is given in tests."""

    def __init__(self, meters: Meters, endpoint: str, exporter: MetricExporter | None = None) -> None:
        if exporter is None:
            from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter

            exporter = OTLPMetricExporter(endpoint=f"{endpoint.rstrip('/')}/v1/metrics", timeout=TIMEOUT_S)
        self._meters, self._exporter, self._since = meters, exporter, time.time_ns()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="vigie-otlp-metrics", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._closing.wait(EVERY_S):
            self._send()
        self._send()

    def _send(self) -> None:
        self._exporter.export(as_otlp(self._meters, self._since, time.time_ns()), timeout_millis=TIMEOUT_S * 1000)

    def close(self) -> None:
        """Send a last time, waiting `TIMEOUT_S` at most."""
        self._closing.set()
        self._thread.join(TIMEOUT_S)
        self._exporter.shutdown()


def as_otlp(meters: Meters, since_ns: int, now_ns: int) -> MetricsData:
    """The counters in OpenTelemetry's data model, under its names and labels."""
    from opentelemetry.sdk.metrics import export
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope

    families = {family.name: family for family in meters.registry.collect()}
    made = [
        export.Metric(metric.name, metric.en, metric.unit, _data(metric, families[metric.prometheus], since_ns, now_ns))
        for metric in METRICS
        if metric.prometheus in families
    ]
    scope = export.ScopeMetrics(
        InstrumentationScope("vigie", __version__), [one for one in made if one.data.data_points], ""
    )
    return export.MetricsData([export.ResourceMetrics(resource(), [scope], "")])


def _data(metric: Metric, family: Family, since_ns: int, now_ns: int) -> DataT:
    from opentelemetry.sdk.metrics import export

    cumulative = export.AggregationTemporality.CUMULATIVE
    if metric.kind == "histogram":
        points = [
            _histogram(metric, samples, labels, since_ns, now_ns) for labels, samples in _by_labels(metric, family)
        ]
        return export.Histogram(points, cumulative)
    values = [
        export.NumberDataPoint(_attributes(metric, sample), since_ns, now_ns, sample.value)
        for sample in family.samples
        if not sample.name.endswith("_created")
    ]
    if metric.kind == "gauge":
        return export.Gauge(values)
    return export.Sum(values, cumulative, is_monotonic=True)


def _histogram(
    metric: Metric, samples: Iterable[Sample], labels: Mapping[str, str], since_ns: int, now_ns: int
) -> HistogramDataPoint:
    from opentelemetry.sdk.metrics import export

    upto: list[int] = []  # Prometheus counts up to each bound; OpenTelemetry between two bounds
    total = 0.0
    for sample in samples:
        if sample.name.endswith("_bucket"):
            upto.append(int(sample.value))
        elif sample.name.endswith("_sum"):
            total = sample.value
    between = [count - before for before, count in zip([0, *upto], upto, strict=False)]
    count = upto[-1] if upto else 0
    # min and max are not kept; the encoder wants numbers, so the mean stands for both
    mean = total / count if count else 0.0
    return export.HistogramDataPoint(labels, since_ns, now_ns, count, total, between, metric.buckets, mean, mean)


def _by_labels(metric: Metric, family: Family) -> Iterator[tuple[Mapping[str, str], list[Sample]]]:
    groups: dict[tuple[str, ...], list[Sample]] = {}
    for sample in family.samples:
        key = tuple(sample.labels[label.replace(".", "_")] for label in metric.labels)
        groups.setdefault(key, []).append(sample)
    for key, samples in groups.items():
        yield dict(zip(metric.labels, key, strict=True)), samples


def _attributes(metric: Metric, sample: Sample) -> Mapping[str, str]:
    return {label: sample.labels[label.replace(".", "_")] for label in metric.labels}
