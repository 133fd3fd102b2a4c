"""Server-sent events (WHATWG HTML, section 9.2), incrementally, within bounds. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.errors import Message
from gateway.wire.calls import ProviderBroke

MAX_EVENT = 1024 * 1024
COMMENT = b": \n\n"
DONE = b"data: [DONE]\n\n"
_LINE_END = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `event` is empty for the default type."""

    event: str
    data: bytes


class Parser:
    """Bytes in, events out; an event cut anywhere is put together again."""

    __slots__ = ("_data", "_data_size", "_event", "_line_parts", "_longest", "_size", "_started")

    def __init__(self, longest: int = MAX_EVENT) -> None:
        self._longest = longest
        self._line_parts: list[
            bytes
        ] = []  # the line that is arriving: joined when it ends, so that a long one costs its length
        self._data: list[bytes] = []
        self._data_size = 0
        self._size = 0  # of the event that is arriving
        self._event = ""
        self._started = False

    def feed(self, data: bytes) -> list[Event]:
        """The events that are complete now. Raises `ProviderBroke` for an event over `longest` bytes."""
        events: list[Event] = []
        self._size += len(data)
        self._line_parts.append(data)
        if not self._started or b"\n" in data or b"\r" in data or self._line_parts[0].endswith(b"\r"):
            self._lines(b"".join(self._line_parts), events)
        if self._size > self._longest:
            raise ProviderBroke(
                Message("Un événement du fournisseur est trop long.", "An event of the provider's is too long.")
            )
        return events

    def _lines(self, buffer: bytes, events: list[Event]) -> None:
        """The lines that are whole; the rest is kept."""
        if not self._started and len(buffer) >= 3:
            buffer, self._started = buffer.removeprefix(b"\xef\xbb\xbf"), True
        start = 0
        for match in _LINE_END.finditer(buffer):
            if match[0] == b"\r" and match.end() == len(buffer):
                break  # a line feed may follow
            self._line(buffer[start : match.start()], events)
            start = match.end()
        self._line_parts = [buffer[start:]]
        self._size = len(buffer) - start + self._data_size

    def _line(self, line: bytes, events: list[Event]) -> None:
        if not line:
            if self._data:
                events.append(Event(self._event, b"\n".join(self._data)))
            self._data, self._data_size, self._event = [], 0, ""
            return
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
            self._data_size += len(value) + 1
        elif name == b"event":
            self._event = value.decode("utf-8", "replace")


def encode(data: bytes) -> bytes:
    """One event of the default type; `data` has no line end."""
    return b"data: " + data + b"\n\n"
