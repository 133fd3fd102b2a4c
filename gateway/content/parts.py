"""What is kept of a call when its system asks, and for how long. *Data*, and pure decisions on it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from gateway.config import Retention, System


class Part(StrEnum):
    """A call's two sides: the JSON that the application sent, and the bytes that it received."""

    PROMPT = "prompt"
    ANSWER = "answer"


ASKED: dict[str, tuple[Part, ...]] = {
    "none": (),
    "prompts": (Part.PROMPT,),
    "answers": (Part.ANSWER,),
    "both": (Part.PROMPT, Part.ANSWER),
}
"""What each value of a system's `content.capture` keeps."""


def is_asked(system: System, part: Part) -> bool:
    """Whether the system's entry asks that this part of its calls be kept."""
    return part in ASKED[system.content.capture]


def days_of(system: System, part: Part, defaults: Retention) -> int:
    """For how many days: the system's own number, or the default of this class."""
    default = defaults.prompts_days if part is Part.PROMPT else defaults.answers_days
    return system.content.retention_days or default


class Gathered:
    """What an application receives of a stream, squeezed as it goes; nothing when it is not to be kept."""

    __slots__ = ("_pieces", "_squeezing")

    def __init__(self, *, wanted: bool) -> None:
        self._squeezing = zlib.compressobj(1) if wanted else None
        self._pieces: list[bytes] = []

    def add(self, frames: bytes) -> bytes:
        """Take note of what goes out; the same bytes, for whoever sends them."""
        if self._squeezing is not None:
            self._pieces.append(self._squeezing.compress(frames))
        return frames

    def squeezed(self) -> bytes:
        """All of it. Once."""
        assert self._squeezing is not None
        return b"".join([*self._pieces, self._squeezing.flush()])


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of one call, on its way to the store."""

    decision: str
    part: Part
    system: str
    kept_at: datetime
    days: int
    content: bytes | Gathered

    def squeezed(self) -> bytes:
        """The bytes that are encrypted."""
        return self.content.squeezed() if isinstance(self.content, Gathered) else zlib.compress(self.content, 1)

    @property
    def due_at(self) -> datetime:
        """When its retention ends."""
        return self.kept_at + timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class Kept:
    """What anybody may know of a part that was kept: never a byte of it. Times are RFC 3339, UTC."""

    decision: str
    part: Part
    system: str
    sha256: str
    bytes: int
    kept_at: str
    due_at: str
    destroy_by: str | None
    destroy_why: str | None
    destroy_at: str | None
    destroyed_at: str | None

    @property
    def state(self) -> str:
        """`kept`, `destroying` (nobody reads it any more; its key is about to go) or `destroyed`."""
        if self.destroyed_at is not None:
            return "destroyed"
        return "kept" if self.destroy_at is None else "destroying"

    def as_json(self) -> dict[str, Any]:
        """For a program."""
        return {
            "decision": self.decision,
            "object": "content",
            "part": self.part.value,
            "state": self.state,
            "system": self.system,
            "sha256": self.sha256,
            "bytes": self.bytes,
            "kept_at": self.kept_at,
            "due_at": self.due_at,
            "destroyed_at": self.destroyed_at,
            "destroyed_by": self.destroy_by,
            "why": self.destroy_why,
        }


@dataclass(frozen=True, slots=True)
class Opened:
    """A part as it was said."""

    kept: Kept
    content: bytes
