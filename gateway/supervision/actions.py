"""An action that an agent proposes, in the one form that a person approves. *Data*: pure.

What was approved is what runs (promise 7): an action is its tool and its arguments, as RFC 8785 JSON, and an approval
names the SHA-256 of exactly those bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Self

import orjson
import rfc8785

from gateway.errors import Message, Refusal

LONGEST = 256 * 1024


@dataclass(frozen=True, slots=True)
class Action:
    """`tool` and its arguments. `arguments` is the JSON object that a model wrote, or, when it wrote no JSON, its text."""

    tool: str
    arguments: Any
    canonical: bytes

    @classmethod
    def of(cls, tool: str, arguments: Any) -> Self:
        """Raises a `Refusal` for arguments that JSON cannot hold exactly, or that are too long."""
        try:
            canonical = rfc8785.dumps({"tool": tool, "arguments": arguments})
        except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError):
            raise _not_exact() from None
        if len(canonical) > LONGEST:
            raise _not_exact()
        return cls(tool, arguments, canonical)

    @classmethod
    def proposed(cls, tool: str, text: str) -> Self:
        """From the text of a tool call's arguments. What is no JSON, or none that is exact, is kept as the text it is."""
        try:
            arguments = orjson.loads(text) if text.strip() else {}
        except orjson.JSONDecodeError:
            arguments = text
        try:
            return cls.of(tool, arguments)
        except Refusal:
            return cls.of(tool, text)

    @property
    def sha256(self) -> str:
        """What an approval names."""
        return sha256(self.canonical).hexdigest()

    def edited(self, arguments: Any) -> Self:
        """The same tool with other arguments of the same kind, an object or a text: another action. Raises a `Refusal`."""
        if isinstance(arguments, dict) != isinstance(self.arguments, dict):
            raise Refusal(
                Message(
                    "Les arguments modifiés doivent être un objet JSON, comme ceux de l'action.",
                    "The edited arguments must be a JSON object, as the action's are.",
                )
                if isinstance(self.arguments, dict)
                else Message(
                    "Les arguments de cette action ne sont pas un objet JSON\u00a0: la refuser plutôt, ou écrire du texte.",
                    "The arguments of this action are no JSON object: refuse it instead, or write a text.",
                ),
                code="edited_arguments",
                status=400,
                param="edited_arguments",
            )
        return type(self).of(self.tool, arguments)


def _not_exact() -> Refusal:
    return Refusal(
        Message(
            "Les arguments de cette action ne peuvent pas être tenus pour approbation\u00a0: trop longs, ou nombres inexacts.",
            "The arguments of this action cannot be held for approval: too long, or inexact numbers.",
        ),
        Message("Écrire les grands nombres comme du texte.", "Write large numbers as text."),
        code="action_not_exact",
    )
