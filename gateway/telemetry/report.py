"""What is said of each call when it ends: one log line, its metrics, and a span if a collector listens. *Edge*.

`Telemetry` is called by `gateway.call` at the end of a call and by `gateway.app` for what happens around calls. It
never raises and never waits: telemetry that fails must not stop a call, since no promise rests on it (the ledger is
the record).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from gateway.telemetry import logs
from gateway.telemetry.metrics import Meters
from gateway.telemetry.tracing import Attributes, Spans, trace_id_of

if TYPE_CHECKING:
    import structlog

    from gateway.telemetry.otlp import MetricsToCollector

Said = TypeVar("Said", bound=Callable[..., None])


class Settings(Protocol):
    """The part of the configuration that this room reads."""

    @property
    def log_level(self) -> str: ...
    @property
    def otlp_endpoint(self) -> str | None: ...
    @property
    def sample_ratio(self) -> float: ...


class Observed(Protocol):
    """The part of a call's trace that this room reads: names, counts and times only."""

    @property
    def decision(self) -> str: ...
    @property
    def started(self) -> datetime: ...
    @property
    def system(self) -> str: ...
    @property
    def policy(self) -> str: ...
    @property
    def deployment(self) -> str: ...
    @property
    def residency(self) -> str: ...
    @property
    def usage(self) -> tuple[int, int]: ...
    @property
    def matched(self) -> AbstractSet[str]: ...
    @property
    def attempts(self) -> Sequence[object]: ...
    @property
    def facts(self) -> Mapping[str, object]: ...


def never_stops_a_call(said: Said) -> Said:
    """Whatever goes wrong while saying something (a full disk under shared counters…) is itself only said."""

    @wraps(said)
    def guarded(telemetry: Telemetry, *args: object, **fields: object) -> None:
        try:
            said(telemetry, *args, **fields)
        except Exception:
            telemetry.log.exception("telemetry.failed")

    return cast(Said, guarded)


@dataclass(slots=True)
class Telemetry:
    """The three voices of one gateway process. `clock` is given in tests."""

    meters: Meters
    log: structlog.typing.FilteringBoundLogger
    spans: Spans | None = None
    collector: MetricsToCollector | None = None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    # ── of a call

    @never_stops_a_call
    def call_finished(self, call: Observed, model: str) -> None:
        """A call was served. `model` is the catalogue's name, not the provider's."""
        now = self.clock()
        seconds = max(0.0, (now - call.started).total_seconds())
        operation = _operation(call)
        served_by = (operation, model, call.deployment)
        meters, (read, written) = self.meters, call.usage
        meters["gen_ai.client.operation.duration"].record(seconds, *served_by)
        meters["vigie.calls"].add(1, call.system, "served", "")
        if read:
            meters["gen_ai.client.token.usage"].record(read, *served_by, "input")
            meters["vigie.tokens"].add(read, call.system, "input")
        if written:
            meters["gen_ai.client.token.usage"].record(written, *served_by, "output")
            meters["vigie.tokens"].add(written, call.system, "output")
        if call.residency:
            meters["vigie.residency"].add(1, call.deployment, call.residency)
        self._said(call, operation, model, "served", "", now)

    @never_stops_a_call
    def call_refused(self, call: Observed, code: str) -> None:
        """A call ended without a whole answer: refused, failed, or left by its client. `code` is the error's."""
        outcome = "client_left" if code == "client_left" else "refused"
        self.meters["vigie.calls"].add(1, call.system, outcome, code)
        self._said(call, _operation(call), "", outcome, code, self.clock())

    @never_stops_a_call
    def first_chunk(self, call: Observed, model: str) -> None:
        """The first chunk of a streamed answer goes out."""
        seconds = max(0.0, (self.clock() - call.started).total_seconds())
        self.meters["gen_ai.client.operation.time_to_first_chunk"].record(
            seconds, _operation(call), model, call.deployment
        )

    def _said(self, call: Observed, operation: str, model: str, outcome: str, code: str, now: datetime) -> None:
        for rule in call.matched:
            self.meters["vigie.rule.matches"].add(1, rule)
        span = self._span(self.spans, call, operation, model, outcome, code, now) if self.spans is not None else 0
        if not self.log.is_enabled_for(logging.INFO):
            return
        fields: dict[str, object] = {
            "time": now.isoformat(timespec="milliseconds"),
            "decision": call.decision,
            "trace_id": f"{trace_id_of(call.decision):032x}",
            "outcome": outcome,
            "rules": sorted(call.matched),
            "duration_ms": max(0, round((now - call.started).total_seconds() * 1000)),
        }
        known = {
            "system": call.system,
            "operation": operation,
            "model": model,
            "deployment": call.deployment,
            "code": code,
            "residency": call.residency,
            "attempts": len(call.attempts),
            "input_tokens": call.usage[0],
            "output_tokens": call.usage[1],
            "span_id": span and f"{span:016x}",
        }
        fields |= {name: value for name, value in known.items() if value}
        self.log.info("call.finished", **fields)

    def _span(
        self, spans: Spans, call: Observed, operation: str, model: str, outcome: str, code: str, now: datetime
    ) -> int:
        attributes: Attributes = {
            "gen_ai.operation.name": operation,
            "gen_ai.request.model": model,
            "gen_ai.usage.input_tokens": call.usage[0],
            "gen_ai.usage.output_tokens": call.usage[1],
            "error.type": code,
            "vigie.decision": call.decision,
            "vigie.system": call.system,
            "vigie.policy": call.policy,
            "vigie.deployment": call.deployment,
            "vigie.residency": call.residency,
            "vigie.outcome": outcome,
            "vigie.rules": tuple(sorted(call.matched)),
        }
        present = {name: value for name, value in attributes.items() if value not in ("", (), 0)}
        return spans.record(
            call.decision, f"{operation} {model}".rstrip(), _nanoseconds(call.started), _nanoseconds(now), present, code
        )

    # ── around calls

    @never_stops_a_call
    def unexpected(self, error: BaseException) -> None:
        """An error that nobody foresaw; its call was refused. Its type and places are said, never its message."""
        self.meters["vigie.faults"].add(1, type(error).__name__)
        self.log.error("fault", exc_info=error)

    @never_stops_a_call
    def security_event(self, event: str, **fields: str) -> None:
        """Something that the security officer must see, such as `residency_contradicted`."""
        self.meters["vigie.security.events"].add(1, event)
        self.log.warning("security", code=event, **fields)

    @never_stops_a_call
    def configuration_adopted(self, version: str) -> None:
        """A new configuration decides from now on."""
        self.meters["vigie.configuration.adopted"].add(1)
        self.log.info("configuration.adopted", version=version)

    @never_stops_a_call
    def configuration_refused(self, problems: int) -> None:
        """A changed configuration has problems; the running one stays."""
        self.log.warning("configuration.refused", problems=problems)

    def render_metrics(self) -> tuple[bytes, str]:
        """The body and content type of `/metrics`."""
        return self.meters.render()

    def close(self) -> None:
        """Send what waits to the collector, within seconds."""
        if self.spans is not None:
            self.spans.close()
        if self.collector is not None:
            self.collector.close()


def configure(settings: Settings) -> Telemetry:
    """The telemetry of this process: sets the process's logging, and opens the collector if one is configured."""
    logs.configure_everywhere(settings.log_level)
    meters, log = Meters(), logs.logger(settings.log_level)
    if not settings.otlp_endpoint:
        return Telemetry(meters, log)
    from gateway.telemetry.otlp import MetricsToCollector, open_spans

    endpoint = settings.otlp_endpoint
    return Telemetry(meters, log, open_spans(endpoint, settings.sample_ratio), MetricsToCollector(meters, endpoint))


def silent() -> Telemetry:
    """Counts, and says nothing: for tests that are about something else."""
    return Telemetry(Meters(), logs.logger("critical", lambda _: None))


def _operation(call: Observed) -> str:
    """The conventions' name for what was asked: `chat`, in whatever protocol, or `embeddings`; empty before it is known."""
    operation = call.facts.get("call.protocol", "")
    if operation in ("messages", "responses"):
        return "chat"
    return operation if isinstance(operation, str) else ""


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1000
