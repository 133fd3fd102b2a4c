"""Secrets are references in configuration and values only at the moment of use. *Edge*."""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import TypeGuard

from gateway.errors import Fault, Message

REFERENCE = r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$"

REREAD_S = 30.0


def is_secret(value: object) -> TypeGuard[str]:
    """Whether a value of the configuration is a reference to a secret."""
    return isinstance(value, str) and re.match(REFERENCE, value) is not None


def secret(reference: str) -> str:
    """The value behind `env:NAME` or `file:PATH`. Raises a `Fault` that names the reference, never a value."""
    kind, _, where = reference.partition(":")
    if kind == "env" and os.environ.get(where):
        return os.environ[where]
    if kind == "file":
        try:
            return Path(where).read_text(encoding="utf8").strip()
        except (OSError, UnicodeDecodeError):
            pass
    raise Fault(
        Message(f"Le secret {reference} est introuvable.", f"The secret {reference} cannot be found."),
        Message("Définir la variable ou le fichier.", "Set the variable or the file."),
        code="secret_missing",
    )


class Current:
    """A secret as it is now: a file is read again after `REREAD_S`, so that a key that is rotated there is taken up.

    A file that is gone or unreadable meanwhile leaves the value that was last read.
    """

    __slots__ = ("_read_at", "_reference", "_value")

    def __init__(self, reference: str) -> None:
        """Raises a `Fault` if it cannot be found."""
        self._reference, self._value, self._read_at = reference, secret(reference), time.monotonic()

    def __str__(self) -> str:
        return f"<{self._reference}>"

    def value(self) -> str:
        """The secret itself."""
        if self._reference.startswith("file:") and time.monotonic() - self._read_at >= REREAD_S:
            self._read_at = time.monotonic()
            with suppress(Fault):
                self._value = secret(self._reference)
        return self._value
