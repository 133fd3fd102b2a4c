"""Where an answer says it was made. Pure. A silent provider attests nothing; a contradiction is a security event."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from gateway.config import Deployment

_GEO = "usage.inference_geo"
_SAYS_NOTHING = ("", "not_available")


class Residency(StrEnum):
    """The verdict on one answer."""

    CONFIRMED = "confirmed"
    CONTRADICTED = "contradicted"
    UNATTESTED = "unattested"


_WEIGHT = {Residency.UNATTESTED: 0, Residency.CONFIRMED: 1, Residency.CONTRADICTED: 2}


class Attested:
    """What one answer has said so far of where it was made: its headers first, then its body, or its body's chunks.

    A contradiction stays, whatever is said after it.
    """

    __slots__ = ("deployment", "verdict")

    def __init__(self, deployment: Deployment, headers: Mapping[str, str]) -> None:
        self.deployment = deployment
        self.verdict = residency(deployment, headers)

    def look(self, body: Mapping[str, Any]) -> None:
        """The whole body, or one chunk of it."""
        said = residency(self.deployment, {}, body)
        self.verdict = max(self.verdict, said, key=_WEIGHT.__getitem__)


def residency(deployment: Deployment, headers: Mapping[str, str], body: Any = None) -> Residency:
    """Compare the entry's witness with the answer. `headers`: names in lower case; `body`: the answer's JSON, or None.

    An answer that says `usage.inference_geo`, of anywhere else, contradicts an entry that claims Canada, configured or not.
    """
    if deployment.processing.country == "CA":
        geo = (_at(body, _GEO) or "").casefold()
        if geo not in _SAYS_NOTHING and not geo.startswith("ca"):
            return Residency.CONTRADICTED
    witness = deployment.residency
    if witness is None:
        return Residency.UNATTESTED
    said = headers.get(witness.header.lower()) if witness.header is not None else _at(body, witness.field or "")
    if said is None:
        return Residency.UNATTESTED
    expected = {_plain(value) for value in witness.expected}
    return Residency.CONFIRMED if _plain(said) in expected else Residency.CONTRADICTED


def _plain(place: str) -> str:
    return place.casefold().replace(" ", "")


def _at(body: Any, path: str) -> str | None:
    for step in path.split("."):
        body = body.get(step) if isinstance(body, dict) else None
    return body if isinstance(body, str) else None
