"""What is said of a text that was presented, in both languages. *Decisions*, pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from gateway.config import Bilingual, Configuration, System
from gateway.errors import Message
from gateway.transparency import Found, Origin, Verdict

_MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
_MONTHS_EN = "January February March April May June July August September October November December".split()

SAID: dict[str, Message] = {
    "whole": Message(
        "Ce texte a été émis par {body}, en entier et tel quel.", "This text was issued by {body}, whole and as it is."
    ),
    "part": Message(
        "Une partie de ce texte a été émise par {body}\u00a0: {matched} passages reconnus sur {total}. "
        "Le reste n'est pas reconnu\u00a0; un mot ou un chiffre changé suffit.",
        "A part of this text was issued by {body}: {matched} passages recognised out of {total}. "
        "The rest is not recognised; one changed word or digit is enough.",
    ),
    "exact_part": Message(
        "Ce texte est, tel quel, une partie d'un texte plus long émis par {body}.",
        "This text is, as it is, a part of a longer text issued by {body}.",
    ),
    "not_found": Message(
        "Ce texte n'est pas reconnu. Cela ne dit pas qu'une personne l'a écrit\u00a0: "
        "il peut venir d'ailleurs, avoir été modifié, ou être trop ancien.",
        "This text is not recognised. That does not say that a person wrote it: "
        "it may come from elsewhere, may have been changed, or may be too old.",
    ),
    "too_short": Message(
        "Ce texte est trop court pour qu'on puisse en dire quoi que ce soit\u00a0: il en faut environ 200 caractères.",
        "This text is too short for anything to be said of it: about 200 characters are needed.",
    ),
    "issued": Message(
        "Une réponse a été émise sous cette référence par {body}. Collez le texte pour savoir s'il est bien celui-là.",
        "An answer was issued under this reference by {body}. Paste the text to know whether it is that one.",
    ),
    "unknown_reference": Message(
        "Cette référence n'est pas reconnue.",
        "This reference is not recognised.",
    ),
    "manifest": Message(
        "Ce manifeste est signé par {body}, et la réponse qu'il décrit a été émise.",
        "This manifest is signed by {body}, and the answer that it describes was issued.",
    ),
    "manifest_differs": Message(
        "Ce manifeste est signé par {body}, mais le texte présenté n'est pas celui qu'il décrit.",
        "This manifest is signed by {body}, but the text presented is not the one that it describes.",
    ),
    "manifest_unknown": Message(
        "Ce manifeste n'est pas signé par une clé de {body}, ou la réponse qu'il décrit n'a pas été émise.",
        "This manifest is not signed by a key of {body}, or the answer that it describes was not issued.",
    ),
}
REVIEWED = Message(
    "Une personne l'a révisé et approuvé avant l'envoi.", "A person reviewed and approved it beforehand."
)
UNREVIEWED = Message(
    "Aucune personne ne l'a révisé par la passerelle avant l'envoi.",
    "No person reviewed it through the gateway beforehand.",
)


@dataclass(frozen=True, slots=True)
class Said:
    """What is answered. `code` names one of `SAID`; the rest is there when an origin may be told."""

    code: str
    text: Message
    found: str
    matched: int = 0
    total: int = 0
    system: Bilingual | None = None
    at: str = ""
    when: Message | None = None
    review: Message | None = None
    reviewed: bool | None = None
    reference: str = ""


def said_of(verdict: Verdict, configuration: Configuration) -> Said:
    """What is said of a text. What was issued by a system that the register keeps back is "not found"."""
    origin = verdict.origin
    if verdict.found is Found.TOO_SHORT:
        return _plainly("too_short", verdict.found.value, configuration)
    if origin is None or _public(origin, configuration) is None:
        return _plainly("not_found", "not_found", configuration)
    exact = verdict.found is Found.PART and verdict.matched == verdict.total
    code = "exact_part" if exact else verdict.found.value
    reference = origin.decision if verdict.found is Found.WHOLE else ""
    return _with_origin(code, verdict.found.value, origin, configuration, reference, verdict.matched, verdict.total)


def said_of_reference(origin: Origin | None, configuration: Configuration) -> Said:
    """What is said of a reference alone: never a word of what was issued under it."""
    if origin is None or _public(origin, configuration) is None:
        return _plainly("unknown_reference", "not_found", configuration)
    return _with_origin("issued", "issued", origin, configuration, origin.decision)


def said_of_manifest(origin: Origin | None, same_text: bool | None, configuration: Configuration) -> Said:
    """What is said of a manifest whose signature is good. `same_text`: None when no text came with it."""
    if origin is None or _public(origin, configuration) is None:
        return _plainly("manifest_unknown", "not_found", configuration)
    code, found = ("manifest_differs", "not_found") if same_text is False else ("manifest", "manifest")
    return _with_origin(code, found, origin, configuration, origin.decision)


def as_json(said: Said, configuration: Configuration) -> dict[str, Any]:
    """The body of `POST /v1/provenance/verify`."""
    body = configuration.register.body
    told: dict[str, Any] = {
        "object": "vigie.provenance",
        "found": said.found,
        "code": said.code,
        "said": {"fr": said.text.fr, "en": said.text.en},
        "body": {"id": body.id, "name": {"fr": body.name.fr, "en": body.name.en}, "contact": body.contact},
    }
    if said.total:
        told["passages"] = {"matched": said.matched, "total": said.total}
    if said.system is not None:
        told["system"] = {"name": {"fr": said.system.fr, "en": said.system.en}}
        told["issued_at"] = said.at
        told["reviewed_by_person"] = said.reviewed
    if said.reference:
        told["reference"] = said.reference
    return told


def _plainly(code: str, found: str, configuration: Configuration) -> Said:
    return Said(code, _filled(code, configuration), found)


def _with_origin(
    code: str,
    found: str,
    origin: Origin,
    configuration: Configuration,
    reference: str = "",
    matched: int = 0,
    total: int = 0,
) -> Said:
    system = _public(origin, configuration)
    assert system is not None
    return Said(
        code,
        _filled(code, configuration, matched, total),
        found,
        matched,
        total,
        system.name,
        origin.time,
        _when(origin.time, configuration.settings.timezone),
        None if origin.reviewed is None else REVIEWED if origin.reviewed else UNREVIEWED,
        origin.reviewed,
        reference,
    )


def _public(origin: Origin, configuration: Configuration) -> System | None:
    system = configuration.register.system(origin.system)
    return system if system is not None and system.label.public else None


def _filled(code: str, configuration: Configuration, matched: int = 0, total: int = 0) -> Message:
    name = configuration.register.body.name

    def filled(text: str, body: str) -> str:
        return text.replace("{matched}", str(matched)).replace("{total}", str(total)).replace("{body}", body)

    return Message(filled(SAID[code].fr, name.fr), filled(SAID[code].en, name.en))


def _when(time: str, zone: str) -> Message:
    """A moment for people, in the body's own time."""
    moment = datetime.fromisoformat(time).astimezone(ZoneInfo(zone))
    day = "1ᵉʳ" if moment.day == 1 else str(moment.day)
    return Message(
        f"{day} {_MONTHS[moment.month - 1]} {moment.year}, {moment.hour}\u00a0h\u00a0{moment.minute:02}",
        f"{_MONTHS_EN[moment.month - 1]} {moment.day}, {moment.year}, {moment.hour:02}:{moment.minute:02}",
    )
