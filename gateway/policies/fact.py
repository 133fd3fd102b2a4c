"""What a fact is: its name, its CEL type, the stages that see it, what it can be at all. *Data*."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.policies.effects import Stage

FactValue = str | bool | int | float | tuple[str, ...] | Mapping[str, Any]
Facts = Mapping[str, FactValue]

ALL = tuple(Stage)
CONTENT = (Stage.INPUT, Stage.ROUTING)
ROUTING = (Stage.ROUTING,)
ACTION = (Stage.ACTION,)
OUTPUT = (Stage.OUTPUT,)


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: dotted `name`, CEL `type` ("string", "bool", "int", "list", "map"), `unit`, the stages that see it.

    What it can be at all: of a text, or of the elements of a list, one of `values` if there are any, or of the form
    `pattern`; of an integer, from `least` to `most`.
    """

    name: str
    type: str
    stages: tuple[Stage, ...]
    fr: str
    en: str
    unit: str = ""
    values: tuple[str, ...] = ()
    pattern: str = ""
    least: int | None = None
    most: int | None = None

    def may_be(self, word: str) -> bool:
        """Whether this text, or an element of this list, can ever be `word`."""
        if self.values:
            return word in self.values
        return not self.pattern or re.fullmatch(self.pattern, word) is not None

    @property
    def empty(self) -> FactValue:
        """The value of this fact in a test case that does not give it."""
        empty: dict[str, FactValue] = {"string": "", "bool": False, "int": 0, "list": (), "map": {}}
        return empty[self.type]
