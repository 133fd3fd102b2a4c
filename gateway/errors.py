"""What can go wrong, in two families. *Data*: imports nothing of ours, so every room may raise these.

A **refusal** is the product working: a policy, a limit or a malformed request said no. A **fault** is something broken:
the store, the analyser, a provider. Only an edge (`gateway.wire.errors`, the CLI) turns either into HTTP or an exit code.
No message ever contains a detected value, a prompt, a key or a token.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence for a person, in both languages; French is what is shown unless English is asked for."""

    fr: str
    en: str

    def in_language(self, language: str) -> str:
        """`language` is "fr" or "en"; anything else reads as French."""
        return self.en if language == "en" else self.fr


class VigieError(Exception):
    """Base of both families.

    `code` is stable and English; `status` is the HTTP status that stock SDKs treat rightly (DESIGN, "Errors");
    `message` says what is wrong and `hint` what to do next; `param` is a JSON path where one is known.
    """

    code: str = "internal_error"
    status: int = 500

    def __init__(
        self,
        message: Message,
        hint: Message | None = None,
        *,
        code: str | None = None,
        status: int | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(message.en)
        self.message = message
        self.hint = hint
        self.param = param
        if code is not None:
            self.code = code
        if status is not None:
            self.status = status


class Refusal(VigieError):
    """The product said no. Never retried by a stock SDK (4xx other than 408, 409, 429)."""

    code = "refused"
    status = 403


class Fault(VigieError):
    """Something is broken; the call is refused (fail closed) and a retry may succeed."""

    code = "not_ready"
    status = 503
