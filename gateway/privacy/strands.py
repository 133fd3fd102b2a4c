"""A text that is cut as it comes, and the pieces that it is cut into. *Data*, and what reads a text is to offer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass


class Owner:
    """What a unit is of. `level`: in how many JSON strings it stands, one in the other; `covered`: how much of the next unit
    was dealt with together with the one before (the reader keeps it).
    """

    __slots__ = ("covered", "level")

    def __init__(self, level: int = 0) -> None:
        self.level = level
        self.covered = 0


class Strand(Owner, ABC):
    """One text that units are cut from. If `fences`, it ends at a line that announces JSON (```json), and `rest` is then
    what follows.
    """

    __slots__ = ("fences", "rest")

    def __init__(self, level: int = 0) -> None:
        super().__init__(level)
        self.fences = False
        self.rest: str | None = None

    @abstractmethod
    def feed(self, text: str, raw: str | None = None) -> list[Unit]:
        """More text; the units that are now complete. `raw`: how its one character stands in the original."""

    @abstractmethod
    def finish(self) -> list[Unit]:
        """The end of the text: what is left."""


@dataclass(slots=True)
class Unit:
    """A stretch of text between two cuts. `window`: what to look at, of which it begins at `at`; empty when it holds
    nothing that could be a value. `raw`: characters that stand in the original as something else (JSON escapes);
    `number`: it is a number of a JSON text, and a string if anything of it is replaced.
    """

    text: str
    window: str
    at: int
    owner: Owner
    raw: tuple[tuple[int, str], ...] = ()
    number: bool = False
