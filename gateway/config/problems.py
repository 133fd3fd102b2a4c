"""What is wrong with a file, and where: file:line:column, the line itself with a caret, and what to do. *Data*."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gateway.errors import Message, VigieError


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong. `line` and `column` count from 1; `severity` is "error" or "warning"."""

    file: str
    line: int
    column: int
    message: Message
    hint: Message | None = None
    excerpt: str = ""
    severity: str = "error"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message.fr} ({self.message.en})"

    def render(self) -> str:
        """For a terminal: the place, the line, a caret, the hint."""
        mark = "avertissement (warning): " if self.severity == "warning" else ""
        lines = [f"{self.file}:{self.line}:{self.column}: {mark}{self.message.fr} ({self.message.en})"]
        if self.excerpt:
            lines += [f"    {self.excerpt}", "    " + " " * (self.column - 1) + "^"]
        if self.hint is not None:
            lines.append(f"    → {self.hint.fr} ({self.hint.en})")
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """For a program."""
        return {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "severity": self.severity,
            "message": {"fr": self.message.fr, "en": self.message.en},
            "hint": {"fr": self.hint.fr, "en": self.hint.en} if self.hint is not None else None,
        }


class Wrong(ValueError):
    """What a model's own check found, in both languages; the place is that of the value that was checked."""

    def __init__(self, fr: str, en: str) -> None:
        super().__init__(en)
        self.message = Message(fr, en)


class ConfigurationError(VigieError):
    """The files of `config/` cannot be used; `problems` has every reason."""

    code = "configuration_invalid"
    status = 503

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """`problems`: at least one."""
        first = problems[0]
        where = f"{first.file}:{first.line}:{first.column}"
        super().__init__(
            Message(
                f"Configuration refusée\u00a0: {where}\u00a0: {first.message.fr}",
                f"Configuration refused: {where}: {first.message.en}",
            ),
            Message("«\u00a0vigie check\u00a0» montre tout.", "'vigie check' shows everything."),
        )
        self.problems = problems
