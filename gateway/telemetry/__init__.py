"""Telemetry: what the gateway says of itself while it works. *Edge*: stderr, and a collector if one is configured.

Three voices: logs (JSON lines on stderr), metrics (Prometheus text on `/metrics`, and OTLP) and traces (OTLP), named by
OpenTelemetry's GenAI conventions. They hold names, counts and times, never a value of a call (promise 6): a log line
passes an allow-list of fields and shapes (`logs`), a metric has labels of bounded number only (`metrics`).
May import `gateway.errors`, `gateway.policies`, `gateway.config`; knows a call only by the shape `Observed`.
"""

from gateway.telemetry.logs import bind
from gateway.telemetry.metrics import METRICS, Metric, share_between_processes
from gateway.telemetry.report import Observed, Telemetry, configure, silent
from gateway.telemetry.tracing import Traced

__all__ = [
    "METRICS",
    "Metric",
    "Observed",
    "Telemetry",
    "Traced",
    "bind",
    "configure",
    "share_between_processes",
    "silent",
]
