"""Records: their kinds, their canonical bytes (RFC 8785), their form of time. *Data*."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import rfc8785

from gateway.errors import Message, Refusal

EXACT = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of record: when it is written."""

    name: str
    fr: str
    en: str


KINDS: tuple[Kind, ...] = (
    Kind(
        "call.opened",
        "Avant qu'un octet d'un appel parte\u00a0: la décision et ses faits",
        "Before any byte of a call leaves: the decision and its facts",
    ),
    Kind(
        "call.closed",
        "Avant qu'une réponse soit complète, ou au refus\u00a0: ce qu'il en est advenu",
        "Before an answer is complete, or at a refusal: what came of it",
    ),
    Kind("policy.published", "Avant qu'une version de la politique décide", "Before a policy version decides"),
    Kind(
        "ledger.rotated",
        "Une autre clé signe le registre\u00a0: la nouvelle, et l'accord signé de la précédente",
        "Another key signs the ledger: the new one, and the signed word of the one before it",
    ),
    Kind(
        "manifest_key.rotated",
        "Une autre clé signe les manifestes\u00a0: laquelle, et si celle d'avant n'est plus à croire",
        "Another key signs the manifests: which, and whether the one before is no longer to be trusted",
    ),
    Kind("key.created", "Une clé a été créée", "A key was created"),
    Kind("key.revoked", "Une clé a été révoquée", "A key was revoked"),
    Kind("halt.raised", "Un arrêt d'urgence est en vigueur", "An emergency stop is in force"),
    Kind("halt.lifted", "Un arrêt d'urgence est levé, par une autre personne", "A halt is lifted, by another person"),
    Kind(
        "halt.carried_out",
        "Les appels en cours qu'un arrêt visait sont finis, dans un processus\u00a0: combien, en combien de temps",
        "The calls under way that a halt stopped are over, in one process: how many, in what time",
    ),
    Kind(
        "action.asked",
        "Avant la réponse à une action demandée hors d'un appel, ou avant qu'elle parte\u00a0: la décision et ses faits",
        "Before the answer to an action that is asked for outside of a call, or before it goes: the decision and its facts",
    ),
    Kind(
        "action.held",
        "Une action attend l'accord d'une personne\u00a0: l'outil, l'empreinte, les types détectés, l'échéance",
        "An action waits for a person: its tool, hash, types of findings, expiry",
    ),
    Kind(
        "action.decided",
        "Une personne approuve ou refuse une action retenue\u00a0; avec l'empreinte approuvée si elle l'a modifiée",
        "A person approves or refuses a held action; with the approved hash if they edited it",
    ),
    Kind(
        "action.released", "Avant qu'une action approuvée parte, une seule fois", "Before an approved action goes, once"
    ),
    Kind(
        "action.escalated",
        "Personne n'a encore décidé\u00a0: qui d'autre est prévenu",
        "Nobody has decided yet: who else is told",
    ),
    Kind("action.expired", "Personne n'a décidé à temps\u00a0: refus", "Nobody decided in time: a refusal"),
    Kind(
        "action.cancelled",
        "Une action retenue est annulée\u00a0: arrêt d'urgence, ou demandeur parti",
        "A held action is cancelled: an emergency stop, or its requester left",
    ),
    Kind(
        "action.answered",
        "Avant que la réponse d'un serveur MCP parvienne à l'application, ou à l'échec\u00a0: ce qu'il en est advenu",
        "Before the answer of an MCP server reaches the application, or at a failure: what came of it",
    ),
    Kind(
        "content.read",
        "Avant qu'une personne voie un contenu en clair\u00a0: qui, quoi, pourquoi",
        "Before a person sees content in clear: who, what, why",
    ),
    Kind(
        "content.destroyed",
        "La clé d'un contenu conservé est effacée\u00a0: de quoi, par qui ou à quelle échéance, pourquoi",
        "The key of kept content is erased: of what, by whom or on schedule, why",
    ),
    Kind(
        "content.held",
        "Une retenue légale interdit de détruire un contenu, ou ceux d'un système",
        "A legal hold forbids destroying a content, or those of a system",
    ),
    Kind("content.released", "Une retenue légale est levée", "A legal hold is released"),
    Kind(
        "deployment.suspended",
        "Une réponse a contredit le lieu de la fiche d'un déploiement\u00a0: plus d'appel avant une nouvelle vérification",
        "An answer contradicted the place of a deployment's entry: no call until it is verified anew",
    ),
    Kind(
        "incident.noted",
        "Une personne complète le registre des incidents de confidentialité\u00a0: l'élément, ses mots (masqués), qui",
        "A person completes the register of confidentiality incidents: the item, their words (masked), who",
    ),
)

OUTCOMES: dict[str, str] = {
    "opened": "the call may leave",
    "served": "a whole answer was ready for the application",
    "refused": "policy, a limit or the wire said no",
    "failed": "a fault: provider, analyser, store",
    "halted": "an emergency stop cut an answer whose client took nothing more",
    "client_left": "the application went away before the answer was whole",
    "dry_run": "rehearsed; no provider was called",
}


def canonical(record: Mapping[str, Any]) -> bytes:
    """The RFC 8785 (JCS) bytes of a record of str, int, bool, None, list and dict with str keys.

    orjson with sorted keys gives the same bytes when every key is below U+10000 (JCS sorts by UTF-16 units, orjson by
    UTF-8) and every integer is exact; anything else goes through `rfc8785`. A part may be an `orjson.Fragment` of what
    this function made of it earlier. Raises `ValueError` for floats, for integers that JSON readers cannot hold, and for
    what JSON cannot say.
    """
    if _plain(record):
        try:
            return orjson.dumps(record, option=orjson.OPT_SORT_KEYS)
        except (orjson.JSONEncodeError, TypeError) as error:
            raise ValueError(str(error)) from None
    try:
        return rfc8785.dumps(record)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise ValueError(str(error)) from None


def _plain(value: Any) -> bool:
    """Whether orjson's bytes are RFC 8785's; raises `ValueError` for numbers that a record may not hold."""
    kind = type(value)
    if kind is str or kind is bool or value is None or kind is orjson.Fragment:
        return True
    if kind is int:
        if -EXACT <= value <= EXACT:
            return True
        raise ValueError("an integer beyond 2^53-1 is not exact in JSON")
    if kind is dict:
        plain = True
        for key, one in value.items():  # a loop, since a record is checked twice a call
            if type(one) is not str and not _plain(one):
                plain = False
            if type(key) is not str or (not key.isascii() and max(key) >= "\U00010000"):
                plain = False
        return plain
    if kind is list or kind is tuple:
        return all(_plain(one) for one in value)
    if kind is float:
        raise ValueError("a record holds no floating-point number")
    raise ValueError(f"a record holds no {kind.__name__}")


def now_text() -> str:
    """The present moment."""
    return time_text(datetime.now(UTC))


def time_text(moment: datetime) -> str:
    """The ledger's one form of time: RFC 3339, UTC, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant(text: str, zone: ZoneInfo) -> str:
    """A date or time as the ledger writes them: RFC 3339, UTC, milliseconds. Without a zone it is the body's own."""
    if not text:
        return ""
    try:
        if not re.match(r"\d{4}-\d\d-\d\d(?:$|T)", text):
            raise ValueError(text)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(
            Message(f"«\u00a0{text}\u00a0» n'est pas une date.", f"'{text}' is not a date."),
            Message(
                "Exemples\u00a0: 2026-11-01, 2026-11-01T13:30:00-05:00.",
                "Examples: 2026-11-01, 2026-11-01T13:30:00-05:00.",
            ),
            code="not_a_date",
            status=400,
        ) from None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
    return time_text(moment)
