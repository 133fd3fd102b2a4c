"""Secrets are references in configuration and values only at the moment of use. *Edge*."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TypeGuard

from gateway.errors import Fault, Message

REFERENCE = r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$"


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
