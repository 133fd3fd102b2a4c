"""What the register says of tools, and of what a session may use up. *Data*, and the pure lookup of a tool.

A tool that the register does not know is taken for the worst: critical, and not reversible.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from pydantic import Field

from gateway.config.shapes import Bilingual, Id, Strict

Risk = Literal["low", "medium", "high", "critical"]
RISKS: tuple[Risk, ...] = ("low", "medium", "high", "critical")
"""Lowest first."""


class ToolEntry(Strict):
    """A tool that agents may act with: what it can do, and whether that can be undone."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9_.:/*?-]{1,128}$",
        description="the tool's name as the model writes it; `*` and `?` stand for any characters, or for one",
    )
    title: Bilingual = Field(description="what it does, for whoever approves it")
    risk: Risk = Field(description="the harm of doing it wrongly: low, medium, high or critical")
    reversible: bool = Field(description="whether what it did can be undone")
    systems: tuple[Id, ...] = Field((), description="systems that it is for; all when empty")


class SessionLimits(Strict):
    """Bounds of one session (agent run) of a system. 0: none."""

    steps: int = Field(0, ge=0, description="at most so many calls, and at most so many actions")
    minutes: int = Field(0, ge=0, description="since the first call or action of the session")
    tokens: int = Field(0, ge=0, description="of requests and answers together")
    spend: Decimal = Field(
        Decimal(0), ge=0, decimal_places=2, description="in the currency of the catalogue's prices, e.g. 2.50"
    )


class Price(Strict):
    """What a deployment charges."""

    input_per_million: Decimal = Field(ge=0, decimal_places=4, description="for a million tokens of requests")
    output_per_million: Decimal = Field(ge=0, decimal_places=4, description="for a million tokens of answers")
    currency: str = Field(pattern="^[A-Z]{3}$", description="ISO 4217, e.g. CAD; the same for all deployments")

    def billionths(self, input_tokens: int, output_tokens: int) -> int:
        """What a call costs, in billionths of the currency, rounded up: never said to be less than it was."""
        exact = (input_tokens * self.input_per_million + output_tokens * self.output_per_million) * 1000
        return int(exact.to_integral_value(rounding="ROUND_CEILING"))


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a tool; `title`: of the worst of its entries."""

    risk: Risk
    reversible: bool
    title: Bilingual | None = None

    @property
    def registered(self) -> bool:
        """Whether the register knows it at all."""
        return self.title is not None


UNKNOWN = Standing("critical", reversible=False)


def standing_of(tools: Iterable[ToolEntry], name: str, system: str) -> Standing:
    """What the register says of a tool of a system.

    Entries of its very name come before patterns; of several, the worst is taken of each answer, whatever their order.
    """
    matching = [one for one in tools if _is_for(one, system) and _pattern(one.name).fullmatch(name) is not None]
    exact = [one for one in matching if one.name == name]
    found = exact or matching
    if not found:
        return UNKNOWN
    worst = max(found, key=lambda one: (RISKS.index(one.risk), not one.reversible, one.name))
    return Standing(worst.risk, all(one.reversible for one in found), worst.title)


def lists_tools(tools: Iterable[ToolEntry], system: str) -> bool:
    """Whether the register lists tools of this very system."""
    return any(system in one.systems for one in tools)


def _is_for(one: ToolEntry, system: str) -> bool:
    return not one.systems or system in one.systems


@lru_cache(1024)
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in name), re.DOTALL)
