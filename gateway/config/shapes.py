"""What the files of `config/` are made of: strict values, names, references, durations. *Data*."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from gateway.config.secret import REFERENCE

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Secret = Annotated[str, StringConstraints(pattern=REFERENCE)]
"""A reference to a secret, `env:NAME` or `file:PATH`; never the secret itself."""
Duration = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,4}[smhd]$")]
"""A whole number and its unit: 30s, 10m, 4h, 2d."""

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class Strict(BaseModel):
    """Frozen, and refuses keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=False)


class Bilingual(Strict):
    """A text for people, in both languages."""

    fr: str
    en: str


def seconds_of(duration: str) -> int:
    """A `Duration`, in seconds."""
    return int(duration[:-1]) * _SECONDS[duration[-1]]
