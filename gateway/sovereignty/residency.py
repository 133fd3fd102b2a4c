"""Where an answer says it was made. Pure. A silent provider attests nothing; a contradiction is a security event."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from gateway.config import Deployment

_BUILT_IN = {"usage.inference_geo": frozenset({"us", "global"})}


class Residency(StrEnum):
    """The verdict on one answer."""

    CONFIRMED = "confirmed"
    CONTRADICTED = "contradicted"
    UNATTESTED = "unattested"


def residency(deployment: Deployment, headers: Mapping[str, str], body: Any = None) -> Residency:
    """Compare the entry's witness with the answer. `headers`: names in lower case; `body`: the answer's JSON, or None.

    An answer that says `usage.inference_geo` contradicts any entry that claims Canada, configured or not.
    """
    if deployment.processing.country == "CA":
        for path, foreign in _BUILT_IN.items():
            if _at(body, path) in foreign:
                return Residency.CONTRADICTED
    witness = deployment.residency
    if witness is None:
        return Residency.UNATTESTED
    said = headers.get(witness.header.lower()) if witness.header is not None else _at(body, witness.field or "")
    if said is None:
        return Residency.UNATTESTED
    expected = {value.casefold().replace(" ", "") for value in witness.expected}
    return Residency.CONFIRMED if said.casefold().replace(" ", "") in expected else Residency.CONTRADICTED


def _at(body: Any, path: str) -> str | None:
    for step in path.split("."):
        body = body.get(step) if isinstance(body, dict) else None
    return body if isinstance(body, str) else None
