"""Stages and effects, as tables. *Data*: what may happen, in which order, and how strict it is."""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    """Where in a call a rule is asked, in this order."""

    ADMISSION = "admission"
    INPUT = "input"
    ROUTING = "routing"
    ACTION = "action"
    OUTPUT = "output"


class Effect(StrEnum):
    """What a rule does, weakest first. The strictest of those that match wins."""

    ALLOW = "allow"
    PREFER = "prefer"
    NOTIFY = "notify"
    LABEL = "label"
    PSEUDONYMIZE = "pseudonymize"
    MASK = "mask"
    HOLD = "hold"
    DENY = "deny"
    EXCLUDE = "exclude"

    @property
    def rank(self) -> int:
        """Strictness: higher is stricter. Used only to compare."""
        return _RANKS[self]


_RANKS = {effect: rank for rank, effect in enumerate(Effect)}

_TEXT = frozenset({Effect.ALLOW, Effect.NOTIFY, Effect.LABEL, Effect.PSEUDONYMIZE, Effect.MASK, Effect.DENY})

EFFECTS_OF: dict[Stage, frozenset[Effect]] = {
    Stage.ADMISSION: frozenset({Effect.ALLOW, Effect.NOTIFY, Effect.LABEL, Effect.DENY}),
    Stage.INPUT: _TEXT,
    Stage.ROUTING: frozenset({Effect.ALLOW, Effect.NOTIFY, Effect.PREFER, Effect.EXCLUDE}),
    Stage.ACTION: frozenset({Effect.ALLOW, Effect.NOTIFY, Effect.HOLD, Effect.DENY}),
    Stage.OUTPUT: _TEXT,
}
"""The effects that make sense at each stage; any other is a mistake that `vigie check` reports."""

TRANSFORMS = (Effect.PSEUDONYMIZE, Effect.MASK, Effect.DENY)
"""Effects that act on each type of finding separately."""
