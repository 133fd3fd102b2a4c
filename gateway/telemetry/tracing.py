"""Traces: one span a call, sent to a collector when one is configured, and nothing at all otherwise. *Edge*.

A decision's id holds 128 random-enough bits, and a trace's id is 128 bits: they are the same bits, so whoever holds one
finds the other. An application that sends `traceparent` (W3C Trace Context) keeps its own trace id; the span then hangs
under the application's. Nothing of a trace goes to a provider.

The span is made when the call ends, from times already taken: the hot path pays for it (about 35 µs) once, and only
when somebody listens. Which calls are sampled follows from the trace id, so replicas agree.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway import __version__

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
    from starlette.types import ASGIApp, Receive, Scope, Send

    from gateway.telemetry.metrics import Meters, Series

Attributes = Mapping[str, str | int | bool | tuple[str, ...]]

_TRACEPARENT = re.compile(rb"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})").fullmatch
_DECISION = re.compile(r"d-([0-9a-f]{32})").fullmatch


@dataclass(frozen=True, slots=True)
class Parent:
    """Where an application says that its call belongs."""

    trace_id: int
    span_id: int
    sampled: bool


_parent: ContextVar[Parent | None] = ContextVar("vigie_parent", default=None)


def parse_traceparent(value: bytes) -> Parent | None:
    """The header's value, or None for anything malformed (it is then as if it were absent, says the standard)."""
    match = _TRACEPARENT(value)
    if match is None:
        return None
    trace_id, span_id = int(match[1], 16), int(match[2], 16)
    return Parent(trace_id, span_id, bool(int(match[3], 16) & 1)) if trace_id and span_id else None


def trace_id_of(decision: str) -> int:
    """The application's trace if it sent one, else the decision's own bits."""
    parent = _parent.get()
    if parent is not None:
        return parent.trace_id
    match = _DECISION(decision)
    if match is not None:
        return int(match[1], 16)
    return int.from_bytes(hashlib.sha256(decision.encode()).digest()[:16], "big")


class Traced:
    """Plain ASGI around the application: reads `traceparent`, and counts requests in progress."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._active: Series | None = None

    def count(self, meters: Meters) -> None:
        """Count from now on: the counters are opened when the application starts."""
        self._active = meters["vigie.requests.active"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        sent = [value for name, value in scope["headers"] if name == b"traceparent"]
        token = _parent.set(parse_traceparent(sent[0]) if len(sent) == 1 else None)
        if self._active is not None:
            self._active.add(1)
        try:
            await self.app(scope, receive, send)
        finally:
            if self._active is not None:
                self._active.add(-1)
            _parent.reset(token)


def resource() -> Resource:
    """Who speaks: this process of this version. `OTEL_RESOURCE_ATTRIBUTES` adds to it."""
    import os
    import socket

    from opentelemetry.sdk.resources import Resource

    instance = f"{socket.gethostname()}:{os.getpid()}"
    return Resource.create({"service.name": "vigie", "service.version": __version__, "service.instance.id": instance})


class Spans:
    """The spans of finished calls. Owned by `Telemetry`, which closes it."""

    def __init__(self, processor: SpanProcessor, ratio: float = 1.0) -> None:
        """`ratio`: the share of calls that are traced, unless the application already decided for its own."""
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
        from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio

        class DecisionIds(RandomIdGenerator):
            """Trace ids as told. Read and written in one synchronous step of the event loop."""

            told = 0

            def generate_trace_id(self) -> int:
                return self.told

        self._ids = DecisionIds()
        self._provider: TracerProvider = TracerProvider(
            sampler=ParentBasedTraceIdRatio(ratio), resource=resource(), id_generator=self._ids
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("vigie", __version__)

    def record(self, decision: str, name: str, start_ns: int, end_ns: int, attributes: Attributes, error: str) -> int:
        """One whole span, Unix nanoseconds. Returns its id, 0 if it was not sampled."""
        from opentelemetry.trace import (
            NonRecordingSpan,
            SpanContext,
            SpanKind,
            Status,
            StatusCode,
            TraceFlags,
            set_span_in_context,
        )

        parent, context = _parent.get(), None
        if parent is not None:
            flags = TraceFlags(TraceFlags.SAMPLED if parent.sampled else TraceFlags.DEFAULT)
            above = SpanContext(parent.trace_id, parent.span_id, is_remote=True, trace_flags=flags)
            context = set_span_in_context(NonRecordingSpan(above))
        self._ids.told = trace_id_of(decision)
        span = self._tracer.start_span(name, context, kind=SpanKind.CLIENT, attributes=attributes, start_time=start_ns)
        if not span.is_recording():
            return 0
        if error:
            span.set_status(Status(StatusCode.ERROR, error))
        span.end(end_ns)
        return span.get_span_context().span_id

    def close(self) -> None:
        """Send what waits, within the exporter's own bound."""
        self._provider.shutdown()
