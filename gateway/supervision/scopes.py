"""What a halt stops: scopes, and what they cover. *Decisions*: pure.

A scope is `all` or `KIND:NAME`. A call, a deployment or an action has a `Subject`: the names that a scope may name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from gateway.errors import Message, Refusal

KINDS = ("system", "agent", "session", "model", "deployment", "operator", "tool")
LONGEST_NAME = 128


@dataclass(frozen=True, slots=True)
class Subject:
    """The names of one thing that could be stopped; what is not known is empty and covered by no scope but `all`."""

    system: str = ""
    agent: str = ""
    session: str = ""
    model: str = ""
    deployment: str = ""
    operator: str = ""
    tool: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """`kind` is "all" or one of `KINDS`; `name` is empty for "all"."""

    kind: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """`all`, `system:ID`, `operator:NAME`… Raises a `Refusal` that lists the forms."""
        kind, colon, name = text.strip().partition(":")
        name = name.strip()
        if kind == "all" and not colon:
            return cls("all", "")
        if kind in KINDS and name and len(name) <= LONGEST_NAME and name.isprintable():
            return cls(kind, name)
        forms = ", ".join(f"{one}:…" for one in KINDS)
        raise Refusal(
            Message("Cette portée n'existe pas.", "There is no such scope."),
            Message(f"Portées\u00a0: all, {forms}.", f"Scopes: all, {forms}."),
            code="unknown_scope",
            status=400,
            param="scope",
        )

    def covers(self, subject: Subject) -> bool:
        """Whether a halt of this scope stops `subject`."""
        if self.kind == "all":
            return True
        named: str = getattr(subject, self.kind)
        return bool(named) and named == self.name

    def __str__(self) -> str:
        return self.kind if self.kind == "all" else f"{self.kind}:{self.name}"


@dataclass(frozen=True, slots=True)
class Halt:
    """An emergency stop in force. `raised_by`: a person of the register, or `host:USER` for one raised from the host."""

    id: str
    scope: Scope
    reason: str
    raised_by: str
    raised_at: str
    drill: bool = False


def stopping(halts: Iterable[Halt], subject: Subject) -> Halt | None:
    """The first halt that stops `subject`, or None."""
    for halt in halts:
        if halt.scope.covers(subject):
            return halt
    return None


def halted(halt: Halt) -> Refusal:
    """The refusal of whatever a halt stops. The reason is a person's own words, for the bodies' people: not repeated."""
    return Refusal(
        Message("Un arrêt d'urgence est en vigueur.", "An emergency stop is in force."),
        Message(
            f"Attendre sa levée par une personne habilitée (arrêt {halt.id}).",
            f"Wait until an authorised person lifts it (halt {halt.id}).",
        ),
        code="halted",
    )
