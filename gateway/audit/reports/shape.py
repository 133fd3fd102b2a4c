"""What a report is: columns, rows, totals, notes, in both languages. *Data*. How it is shown is `rendering`'s."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.errors import Message

Cell = str | int | bool | None | Message | Sequence[str] | Mapping[str, int]
"""A text, a number, yes or no, nothing, a text in both languages, a list of names, or counts by name."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a report is about: a period (RFC 3339, UTC; `until` excluded; empty: no bound) and a system (empty: all)."""

    since: str = ""
    until: str = ""
    system: str = ""

    def covers(self, time: str) -> bool:
        """Whether a moment is in the period."""
        return (not self.since or time >= self.since) and (not self.until or time < self.until)

    def concerns(self, system: str) -> bool:
        """Whether a system is one of those asked for."""
        return not self.system or system == self.system


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its stable English key for programs, its name for people."""

    key: str
    fr: str
    en: str

    @property
    def name(self) -> Message:
        """In both languages."""
        return Message(self.fr, self.en)


@dataclass(frozen=True, slots=True)
class Report:
    """A report, whole. Every row has every column. `totals` are for the whole of it, named as columns are.

    For a person to read: `brief` are the columns of its table (empty: all), the others being in JSON and CSV; `blanks` says
    that what is empty is to be seen, since somebody is to fill it.
    """

    name: str
    title: Message
    scope: Scope
    columns: tuple[Column, ...]
    rows: Sequence[Mapping[str, Cell]]
    totals: Sequence[tuple[Column, Cell]] = ()
    notes: Sequence[Message] = ()
    brief: tuple[str, ...] = ()
    blanks: bool = False
