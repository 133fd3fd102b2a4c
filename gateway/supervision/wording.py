"""What a notice says. *Decisions*: pure. Names, states, times and where to decide; never a value of an argument.

A tool's name was written by a model or an application, and a chat room may take it for markup: it is shown with plain
characters only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

import orjson

from gateway.errors import Message
from gateway.supervision.held import Held

Language = Literal["fr", "fr+en"]
LONGEST_NAME = 64

HAPPENED: dict[str, Message] = {
    "held": Message("une action attend une décision", "an action waits for a decision"),
    "escalated": Message("une action attend toujours une décision", "an action still waits for a decision"),
    "approved": Message("une action a été approuvée", "an action was approved"),
    "denied": Message("une action a été refusée", "an action was refused"),
    "expired": Message(
        "une action est refusée, faute de décision à temps", "an action is refused: nobody decided in time"
    ),
    "cancelled": Message("une action est annulée", "an action is cancelled"),
    "released": Message("une action approuvée est partie", "an approved action has gone"),
}
OPEN = ("held", "escalated")


@dataclass(frozen=True, slots=True)
class Told:
    """Where a notice is read: in which language, in whose time, and where people reach this gateway, if anybody said."""

    language: Language
    zone: ZoneInfo
    public_url: str = ""


def data_of(held: Held, what: str) -> bytes:
    """For a program: the body of a webhook."""
    return orjson.dumps(
        {
            "type": f"action.{what}",
            "timestamp": held.changed_at,
            "data": {
                "hold": held.id,
                "state": held.state.value,
                "system": held.system,
                "session": held.subject.session,
                "tool": held.tool,
                "rule": held.rule,
                "reason": {"fr": held.reason.fr, "en": held.reason.en},
                "entities": dict(held.entities),
                "action_sha256": held.current_sha256,
                "created_at": held.created_at,
                "expires_at": held.hold.expires_at,
            },
        }
    )


def text_of_notice(held: Held, what: str, told: Told) -> tuple[str, str]:
    """For people: a title and a text, in French, or in French and English."""
    happened, system = HAPPENED[what], plain_name(held.system)
    title = f"Vigie\u00a0: {happened.fr} ({system})"
    texts = [_french(held, what, told)]
    if told.language == "fr+en":
        title = f"{title} · {happened.en}"
        texts.append(_english(held, what, told))
    return title, "\n\n".join(texts)


def plain_name(name: str) -> str:
    """A name as a chat room may show it: letters, digits and a few signs that are no markup."""
    shown = re.sub(r"[^A-Za-z0-9_.:-]", "?", name)
    return shown if len(shown) <= LONGEST_NAME else f"{shown[:LONGEST_NAME]}…"


def _french(held: Held, what: str, told: Told) -> str:
    lines = [
        f"Outil\u00a0: {plain_name(held.tool)}",
        f"Système\u00a0: {plain_name(held.system)}",
        f"Raison\u00a0: {held.reason.fr}",
        f"Référence\u00a0: {held.id}",
    ]
    if what in OPEN:
        lines.append(f"Échéance\u00a0: {_local(held.hold.expires_at, told.zone)}")
        lines.append(f"Décider\u00a0: {_where(held, told)}")
    return "\n".join(lines)


def _english(held: Held, what: str, told: Told) -> str:
    lines = [
        f"Tool: {plain_name(held.tool)}",
        f"System: {plain_name(held.system)}",
        f"Reason: {held.reason.en}",
        f"Reference: {held.id}",
    ]
    if what in OPEN:
        lines.append(f"Expires: {_local(held.hold.expires_at, told.zone)}")
        lines.append(f"Decide: {_where(held, told)}")
    return "\n".join(lines)


def _where(held: Held, told: Told) -> str:
    return (
        f"{told.public_url.rstrip('/')}/console/holds/{held.id}" if told.public_url else f"vigie holds show {held.id}"
    )


def _local(moment: str, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(zone):%Y-%m-%d %H:%M} ({zone.key})"
