"""Metrics and traces: names of the conventions, bounded labels, and never in the way of a call."""

import logging
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import orjson
import pytest
import structlog
from opentelemetry.sdk.metrics import export
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client.parser import text_string_to_metric_families

from gateway.telemetry import METRICS, Telemetry, Traced, configure, logs, metrics, silent
from gateway.telemetry.otlp import MetricsToCollector, as_otlp
from gateway.telemetry.tracing import Spans, parse_traceparent

HERE = Path(__file__).resolve().parents[2]
START = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
DECISION = "d-0193d5c0a1b2" + "ab" * 10


@dataclass
class Call:
    """The shape `Observed`, as `gateway.trace.Trace` has it."""

    decision: str = DECISION
    started: datetime = START
    system: str = "permis-assistant"
    policy: str = "f" * 64
    deployment: str = "cti-mistral"
    residency: str = "unattested"
    usage: tuple[int, int] = (120, 80)
    matched: set[str] = field(default_factory=lambda: {"personal-data-stays-in-quebec"})
    attempts: list[object] = field(default_factory=lambda: [{}])
    facts: dict[str, object] = field(default_factory=lambda: {"call.protocol": "chat"})


@pytest.fixture
def lines():
    return []


@pytest.fixture
def exporter():
    return InMemorySpanExporter()


@pytest.fixture
def telemetry(lines, exporter):
    spans = Spans(SimpleSpanProcessor(exporter))
    later = START + timedelta(milliseconds=250)
    made = Telemetry(metrics.Meters(), logs.logger("info", lines.append), spans, clock=lambda: later)
    yield made
    made.close()


def samples(telemetry):
    body, content_type = telemetry.render_metrics()
    assert content_type.startswith("text/plain")
    found = {}
    for family in text_string_to_metric_families(body.decode()):
        for sample in family.samples:
            found[sample.name, *sorted(sample.labels.items())] = sample.value
    return found


def test_a_served_call_is_counted_timed_and_weighed(telemetry):
    telemetry.call_finished(Call(), "assistant")
    found = samples(telemetry)
    served_by = (
        ("gen_ai_operation_name", "chat"), ("gen_ai_request_model", "assistant"), ("vigie_deployment", "cti-mistral"),
    )  # fmt: skip
    assert found["gen_ai_client_operation_duration_seconds_sum", *served_by] == 0.25
    assert (
        found[
            "vigie_calls_total", ("vigie_code", ""), ("vigie_outcome", "served"), ("vigie_system", "permis-assistant")
        ]
        == 1
    )
    assert found["vigie_tokens_total", ("gen_ai_token_type", "output"), ("vigie_system", "permis-assistant")] == 80
    assert found["vigie_rule_matches_total", ("vigie_rule", "personal-data-stays-in-quebec")] == 1


def test_a_refused_call_is_counted_by_its_code_and_says_nothing_of_a_model(telemetry, lines):
    telemetry.call_refused(Call(deployment="", residency="", usage=(0, 0)), "personal_data_denied")
    found = samples(telemetry)
    key = ("vigie_code", "personal_data_denied"), ("vigie_outcome", "refused"), ("vigie_system", "permis-assistant")
    assert found["vigie_calls_total", *key] == 1
    line = orjson.loads(lines[0])
    assert line["outcome"] == "refused"
    assert line["code"] == "personal_data_denied"
    assert "model" not in line


def test_the_log_line_of_a_call_names_its_decision_trace_and_span_and_withholds_nothing(telemetry, lines, exporter):
    telemetry.call_finished(Call(), "assistant")
    line = orjson.loads(lines[0])
    (span,) = exporter.get_finished_spans()
    assert line["decision"] == DECISION
    assert line["trace_id"] == DECISION.removeprefix("d-") == f"{span.context.trace_id:032x}"
    assert line["span_id"] == f"{span.context.span_id:016x}"
    assert line["duration_ms"] == 250
    assert "withheld" not in line


def test_a_span_follows_the_genai_conventions(telemetry, exporter):
    telemetry.call_finished(Call(), "assistant")
    telemetry.call_refused(Call(), "sovereignty_denied")
    served, refused = exporter.get_finished_spans()
    assert served.name == "chat assistant"
    assert served.kind.name == "CLIENT"
    assert served.attributes["gen_ai.operation.name"] == "chat"
    assert served.attributes["gen_ai.usage.input_tokens"] == 120
    assert served.end_time - served.start_time == 250_000_000
    assert served.status.is_unset
    assert refused.attributes["error.type"] == "sovereignty_denied"
    assert not refused.status.is_ok
    assert refused.resource.attributes["service.name"] == "vigie"


def test_only_the_configured_share_of_calls_is_traced_and_every_call_is_logged(lines, exporter):
    telemetry = Telemetry(
        metrics.Meters(), logs.logger("info", lines.append), Spans(SimpleSpanProcessor(exporter), 0.0)
    )
    telemetry.call_finished(Call(), "assistant")
    assert exporter.get_finished_spans() == ()
    assert "span_id" not in orjson.loads(lines[0])
    telemetry.close()


async def test_a_call_keeps_the_trace_that_the_application_started(telemetry, exporter):
    async def app(scope, receive, send):
        telemetry.call_finished(Call(), "assistant")

    parent = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    await Traced(app)({"type": "http", "headers": [(b"traceparent", parent)]}, None, None)
    telemetry.call_finished(Call(), "assistant")
    inside, after = exporter.get_finished_spans()
    assert f"{inside.context.trace_id:032x}" == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert f"{inside.parent.span_id:016x}" == "00f067aa0ba902b7"
    assert f"{after.context.trace_id:032x}" == DECISION.removeprefix("d-")
    assert after.parent is None


TRACE, SPAN = b"4bf92f3577b34da6a3ce929d0e0e4736", b"00f067aa0ba902b7"


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"nonsense",
        b"01-" + TRACE + b"-" + SPAN + b"-01",
        b"00-" + b"0" * 32 + b"-" + SPAN + b"-01",
        b"00-" + TRACE + b"-" + b"0" * 16 + b"-01",
        b"00-" + TRACE.upper() + b"-" + SPAN + b"-01",
        b"00-" + TRACE + b"-" + SPAN + b"-01\n",
    ],
)
def test_a_malformed_traceparent_is_as_if_absent(header):
    assert parse_traceparent(header) is None


async def test_requests_in_progress_are_counted_even_when_they_fail(telemetry):
    async def app(scope, receive, send):
        assert samples(telemetry)["vigie_requests_active",] == 1
        raise ConnectionResetError

    traced = Traced(app)
    traced.count(telemetry.meters)
    with pytest.raises(ConnectionResetError):
        await traced({"type": "http", "headers": []}, None, None)
    assert samples(telemetry)["vigie_requests_active",] == 0


def test_labels_stay_bounded_whatever_arrives(monkeypatch):
    monkeypatch.setattr(metrics, "MOST_SERIES", 10)
    telemetry = silent()
    for number in range(1000):
        telemetry.call_refused(Call(system=f"s-{number}"), "denied")
    found = {key: value for key, value in samples(telemetry).items() if key[0] == "vigie_calls_total"}
    assert len(found) == 11
    assert sum(found.values()) == 1000


def test_telemetry_that_fails_never_stops_a_call(telemetry, lines, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(metrics.Series, "record", full)
    telemetry.call_finished(Call(), "assistant")
    assert orjson.loads(lines[0])["event"] == "telemetry.failed"
    assert orjson.loads(lines[0])["error"] == "OSError"


def test_an_unexpected_error_and_a_security_event_are_said_and_counted(telemetry, lines):
    telemetry.unexpected(KeyError("Marie Tremblay"))
    telemetry.security_event("residency_contradicted", deployment="azure-canadaeast", decision=DECISION)
    telemetry.configuration_adopted("0" * 64)
    found = samples(telemetry)
    assert found["vigie_faults_total", ("error_type", "KeyError")] == 1
    assert found["vigie_security_events_total", ("vigie_event", "residency_contradicted")] == 1
    assert b"Tremblay" not in b"".join(lines)
    assert [orjson.loads(line)["event"] for line in lines] == ["fault", "security", "configuration.adopted"]


def test_what_goes_to_a_collector_is_what_metrics_shows(telemetry):
    telemetry.call_finished(Call(), "assistant")
    data = as_otlp(telemetry.meters, 1, 2)
    found = {metric.name: metric for metric in data.resource_metrics[0].scope_metrics[0].metrics}
    (point,) = found["gen_ai.client.operation.duration"].data.data_points
    assert found["gen_ai.client.operation.duration"].unit == "s"
    assert (point.count, point.sum, sum(point.bucket_counts)) == (1, 0.25, 1)
    assert len(point.bucket_counts) == len(point.explicit_bounds) + 1
    assert dict(point.attributes)["gen_ai.request.model"] == "assistant"
    assert {point.value for point in found["vigie.tokens"].data.data_points} == {120, 80}


def test_a_collector_receives_the_counters_at_the_end_and_is_let_go():
    class Collector(export.MetricExporter):
        received, closed = 0, False

        def export(self, metrics_data, timeout_millis=0, **_):
            self.received += 1
            return export.MetricExportResult.SUCCESS

        def force_flush(self, timeout_millis=0):
            return True

        def shutdown(self, timeout_millis=0, **_):
            self.closed = True

    collector = Collector()
    MetricsToCollector(metrics.Meters(), "http://127.0.0.1:9", collector).close()
    assert collector.received == 1
    assert collector.closed


@pytest.fixture
def logging_as_before():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_without_a_collector_nothing_of_opentelemetry_is_opened(logging_as_before):
    made = configure(SimpleNamespace(log_level="info", otlp_endpoint=None, sample_ratio=1.0))
    assert made.spans is None
    assert made.collector is None


def test_every_metric_is_described_in_both_languages_and_named_as_the_conventions_name_it():
    assert len({one.name for one in METRICS}) == len(METRICS)
    for one in METRICS:
        assert one.name.startswith(("gen_ai.", "vigie."))
        assert one.fr.endswith(".")
        assert one.en.endswith(".")
        assert bool(one.buckets) == (one.kind == "histogram")


def test_worker_processes_that_share_a_folder_count_together(tmp_path):
    """Two workers count, a third answers `/metrics`: it shows the sum."""
    work = "from gateway.telemetry import silent; t = silent(); t.meters['vigie.configuration.adopted'].add(1)"
    show = "from gateway.telemetry import silent; print(silent().render_metrics()[0].decode())"
    parent = f"""
import subprocess, sys, pathlib
from gateway.telemetry import share_between_processes
share_between_processes(pathlib.Path({str(tmp_path / "metrics")!r}))
for program in [{work!r}, {work!r}, {show!r}]:
    subprocess.run([sys.executable, "-c", program], check=True)
"""
    done = subprocess.run([sys.executable, "-c", parent], check=True, capture_output=True, text=True, cwd=HERE)
    assert "vigie_configuration_adopted_total 2.0" in done.stdout
