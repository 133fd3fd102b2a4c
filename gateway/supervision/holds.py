"""The life of a held action, as a table. *Decisions*: pure; `next_state` is all that may happen to a hold.

                     approve (last one needed)              release
         waiting ─────────────────────────────▶ approved ───────────▶ released
            │  deny      ─▶ denied                  │  expire  ─▶ expired
            │  expire    ─▶ expired                 │  cancel  ─▶ cancelled
            └─ cancel    ─▶ cancelled

Everything to the right of an arrow but `approved` is the end. So an approval is used once, expiry is refusal, and a halt
or a client that leaves for good cancels what nobody has released.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from gateway.errors import Message, Refusal


class State(StrEnum):
    """Where a hold is in its life."""

    WAITING = "waiting"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    RELEASED = "released"


class Event(StrEnum):
    """What may happen to it."""

    APPROVE = "approve"
    DENY = "deny"
    EXPIRE = "expire"
    CANCEL = "cancel"
    RELEASE = "release"


NEXT: Mapping[tuple[State, Event], State] = MappingProxyType(
    {
        (State.WAITING, Event.APPROVE): State.APPROVED,
        (State.WAITING, Event.DENY): State.DENIED,
        (State.WAITING, Event.EXPIRE): State.EXPIRED,
        (State.WAITING, Event.CANCEL): State.CANCELLED,
        (State.APPROVED, Event.RELEASE): State.RELEASED,
        (State.APPROVED, Event.EXPIRE): State.EXPIRED,
        (State.APPROVED, Event.CANCEL): State.CANCELLED,
    }
)


@dataclass(frozen=True, slots=True)
class Hold:
    """A held action. Times are RFC 3339, UTC. `requester`: whoever must not approve; `approvers`: who did, in order.

    `action_sha256` is what was proposed, `approved_sha256` what was approved: another one when a person edited it.
    """

    id: str
    state: State
    action_sha256: str
    requester: str
    expires_at: str
    approvals_needed: int = 1
    approvers: tuple[str, ...] = ()
    approved_sha256: str = ""


def approve(hold: Hold, person: str, shown_sha256: str, now: str, *, edited_sha256: str = "") -> Hold:
    """One approval by `person` of the action that they were shown. Raises a `Refusal`: 403 who may not, 409 too late.

    An edit replaces the action, so it counts as the first approval of another one: those before it no longer hold.
    """
    _in_time(hold, now)
    if hold.state is not State.WAITING:
        raise _over(hold)
    if person == hold.requester:
        raise Refusal(
            Message(
                "Qui demande une action ne peut pas l'approuver.", "Whoever asks for an action may not approve it."
            ),
            code="requester_may_not_approve",
        )
    current = hold.approved_sha256 or hold.action_sha256
    if shown_sha256 != current:
        raise Refusal(
            Message(
                "Cette action n'est plus celle qui vous a été montrée.",
                "This action is no longer the one you were shown.",
            ),
            Message("La relire, puis décider.", "Read it again, then decide."),
            code="action_changed",
            status=409,
        )
    edited_sha256 = "" if edited_sha256 == current else edited_sha256  # no edit, and no second voice of one person
    if person in hold.approvers and not edited_sha256:
        raise Refusal(
            Message("Il faut l'accord d'une autre personne.", "Another person's approval is needed."),
            code="same_person",
            status=409,
        )
    approvers = (person,) if edited_sha256 else (*hold.approvers, person)
    hold = replace(hold, approvers=approvers, approved_sha256=edited_sha256 or current)
    enough = len(approvers) >= hold.approvals_needed
    return replace(hold, state=NEXT[State.WAITING, Event.APPROVE]) if enough else hold


def happen(hold: Hold, event: Event, now: str) -> Hold:
    """Any event but an approval. Raises a 409 `Refusal` for what cannot happen any more."""
    if event is Event.RELEASE or event is Event.DENY:
        _in_time(hold, now)
    state = NEXT.get((hold.state, event))
    if state is None:
        raise _over(hold)
    return replace(hold, state=state)


def is_over(state: State) -> bool:
    """Whether nothing more can happen."""
    return not any(one is state for one, _ in NEXT)


def _in_time(hold: Hold, now: str) -> None:
    """Expiry is refusal, whether or not anybody has noticed it yet."""
    if now >= hold.expires_at and not is_over(hold.state):
        raise _over(replace(hold, state=State.EXPIRED))


_SAID: Mapping[State, Message] = MappingProxyType(
    {
        State.WAITING: Message("elle attend encore une décision", "it still waits for a decision"),
        State.APPROVED: Message("elle est déjà approuvée", "it is already approved"),
        State.DENIED: Message("elle a été refusée", "it was refused"),
        State.EXPIRED: Message("elle est expirée", "it has expired"),
        State.CANCELLED: Message("elle a été annulée", "it was cancelled"),
        State.RELEASED: Message("elle a déjà été exécutée", "it was already carried out"),
    }
)


def _over(hold: Hold) -> Refusal:
    said = _SAID[hold.state]
    return Refusal(
        Message(
            f"Cette action ne peut plus changer d'état\u00a0: {said.fr}.",
            f"This action cannot change any more: {said.en}.",
        ),
        code=f"hold_{hold.state}",
        status=409,
    )
