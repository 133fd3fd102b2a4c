"""Log lines: one JSON object each, on stderr, that cannot hold a prompt, a key or a token. *Edge*: file descriptor 2.

Theory. Nobody reviews every log call for ever, so the last step before the bytes decides, not the caller:

* a field is written only if it is in `FIELDS`, and only if its value has the field's shape (an identifier without
  spaces, a number, a list of identifiers); anything else is left out and counted in `withheld`;
* `event` is an identifier too, so free text cannot travel in it;
* of an exception, its type and the places it went through are written, never its message (which quotes values);
* of a library's log record, the logger, the level and the place; never its message (litellm's hold prompts).

Not covered: a value that has the shape of an identifier (a family name alone) under an allowed field's name.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import sys
import traceback
from collections.abc import Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
import structlog
from structlog.contextvars import bound_contextvars, merge_contextvars

Shape = Callable[[Any], bool]

_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/+-]{0,127}").fullmatch
_SECRET = re.compile(r"vigie_[a-z0-9]+_|\bsk-|\bey[JK]|AKIA[0-9A-Z]{8}|://[^/]*:").search
_LONGEST_LIST = 50


@lru_cache(maxsize=4096)  # the same names come back on every line
def _is_identifier(value: str) -> bool:
    return not value or (_IDENTIFIER(value) is not None and _SECRET(value) is None)


def _identifier(value: object) -> bool:
    return isinstance(value, str) and _is_identifier(value)


def _identifiers(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) <= _LONGEST_LIST and all(map(_identifier, value))


def _number(value: object) -> bool:
    return isinstance(value, int | float)  # booleans are integers


# What may be written, and in what shape. A new field is added here, with a thought for what it could carry.
FIELDS: Mapping[str, Shape] = {
    # written by the processors below
    "time": _identifier, "level": _identifier, "logger": _identifier, "withheld": _number,
    "error": _identifier, "where": _identifiers,
    # of a call
    "decision": _identifier, "trace_id": _identifier, "span_id": _identifier, "system": _identifier,
    "model": _identifier, "deployment": _identifier, "operation": _identifier, "policy": _identifier,
    "outcome": _identifier, "code": _identifier, "rules": _identifiers, "residency": _identifier,
    "stream": _number, "duration_ms": _number, "first_chunk_ms": _number, "attempts": _number,
    "input_tokens": _number, "output_tokens": _number,
    # of the process
    "version": _identifier, "problems": _number, "part": _identifier, "state": _identifier, "records": _number,
    "epoch": _number, "pid": _number, "port": _number, "workers": _number, "count": _number,
}  # fmt: skip


def allow_listed(_: object, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """The last step before the bytes: keep what `FIELDS` admits, count the rest."""
    kept: dict[str, Any] = {}
    withheld = 0
    for name, value in event.items():
        if name == "event":
            kept["event"] = value if _identifier(value) else "unnamed"
            withheld += kept["event"] is not value
            continue
        shape = FIELDS.get(name)
        if shape is not None and shape(value):
            kept[name] = value
        else:
            withheld += 1
    if withheld:
        kept["withheld"] = withheld
    return kept


def time_stamped(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """RFC 3339, milliseconds; the caller's own `time` if it already has one."""
    if "time" not in event:
        event["time"] = datetime.now(UTC).isoformat(timespec="milliseconds")
    return event


def exception_as_places(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """`exc_info`, an exception, becomes `error` (its type) and `where` (`module:line`, innermost last)."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    elif isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["where"] = places_of(error)
    return event


def places_of(error: BaseException, limit: int = 12) -> list[str]:
    """The last `limit` places that an exception went through, as `folder/file.py:line`; no source line, no value."""
    frames = traceback.extract_tb(error.__traceback__)[-limit:]
    return ["/".join(Path(frame.filename).parts[-2:]).strip("<>") + f":{frame.lineno}" for frame in frames]


class _Stderr:
    """Whole lines in one `write`, so that lines of several processes do not mix; on the event loop, one a turn, since
    each write lets other threads in. A closed or full stderr never stops a call.
    """

    def __init__(self) -> None:
        self._lines: list[bytes] = []

    def __call__(self, line: bytes) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._write(line)
            return
        if not self._lines:
            loop.call_soon(self._flush)
        self._lines.append(line)

    def _flush(self) -> None:
        lines, self._lines = self._lines, []
        self._write(b"".join(lines))

    def _write(self, lines: bytes) -> None:
        with contextlib.suppress(OSError):
            os.write(2, lines)


to_stderr = _Stderr()


class _Sink:
    """Structlog's idea of a logger: one method for each level, all the same here."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write

    def msg(self, line: bytes) -> None:
        """Write a rendered line."""
        self._write(line + b"\n")

    debug = info = warning = error = critical = msg


_PROCESSORS: list[Any] = [
    merge_contextvars,
    structlog.processors.add_log_level,
    time_stamped,
    exception_as_places,
    allow_listed,
    structlog.processors.JSONRenderer(serializer=lambda event, **_: orjson.dumps(event)),
]


def logger(level: str = "info", write: Callable[[bytes], None] = to_stderr) -> structlog.typing.FilteringBoundLogger:
    """A logger of its own, that global configuration does not touch. `level`: debug, info, warning, error."""
    made: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
        _Sink(write),
        processors=_PROCESSORS,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    ).bind()
    return made


def configure_everywhere(level: str, write: Callable[[bytes], None] = to_stderr) -> None:
    """`structlog.get_logger()` and the standard library's loggers, in any module, write the same way."""
    structlog.configure(
        processors=_PROCESSORS,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _Sink(write),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, LibraryRecords)]:
        root.removeHandler(handler)
    root.addHandler(LibraryRecords(write))
    root.setLevel(logging.WARNING)


class LibraryRecords(logging.Handler):
    """Log records of libraries: where, how serious, which exception. Their message is never written."""

    def __init__(self, write: Callable[[bytes], None] = to_stderr) -> None:
        super().__init__()
        self._log = logger("debug", write)

    def emit(self, record: logging.LogRecord) -> None:
        """Called by `logging`, from any thread."""
        place = f"{record.module}.py:{record.lineno}"
        error = record.exc_info[1] if record.exc_info else None
        fields: dict[str, Any] = {"logger": record.name, "where": [place]}
        if error is not None:
            fields |= {"error": type(error).__name__, "where": [place, *places_of(error)]}
        level = "error" if record.levelno >= logging.ERROR else "warning"
        getattr(self._log, level)("library.record", **fields)


# `with bind(decision=…, trace_id=…):` every line written inside says so, in this task and those it starts.
bind = bound_contextvars
