"""A held action as the store keeps it and as it is shown. *Data*, and its reading from rows; pure.

`Proposal` is what a door hands in; `Held` is what anybody may see of a hold, without a value of its arguments; `Content`
is what is sealed, for whoever may see or carry out the action.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import orjson
from sqlalchemy import Row

from gateway.errors import Message, Refusal
from gateway.supervision.actions import Action
from gateway.supervision.holds import Hold, State
from gateway.supervision.scopes import Subject


@dataclass(frozen=True, slots=True)
class Proposal:
    """An action that policy holds.

    `requester`: whoever must not approve (`key:ID`, `user:HASH`, or a person); `masked`: the arguments with findings masked;
    `escalate_s`: when others are told, if the rule says so;
    `entities`: how many findings of each type; `join_key`: a keyed hash of the request, so that a retry joins this hold
    (empty: never joined); `position`: which action of that request; `keep`: whatever the door needs to answer later, sealed.
    """

    decision: str
    door: str
    requester: str
    subject: Subject
    action: Action
    masked: Any
    policy: str
    rule: str
    code: str
    reason: Message
    approvals: int = 1
    expires_s: int = 600
    escalate_s: int = 0
    entities: Mapping[str, int] = field(default_factory=dict)
    join_key: str = ""
    position: int = 0
    keep: bytes = b""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one person said. `verdict`: approved, edited or denied; `said`: a comment or reason, findings masked."""

    person: str
    verdict: str
    at: str
    sha256: str
    counts: bool
    said: str
    shown_at: str | None


@dataclass(frozen=True, slots=True)
class Held:
    """A hold as it can be shown. `ended_because`: why it was cancelled ("halt", "client_left"…); `halt`: which halt."""

    hold: Hold
    change: int
    joined: int
    subject: Subject
    decision: str
    door: str
    tool: str
    entities: Mapping[str, int]
    policy: str
    rule: str
    code: str
    reason: Message
    created_at: str
    changed_at: str
    delivered: bool
    halt: str
    ended_because: str
    verdicts: tuple[Verdict, ...]
    escalate_s: int = 0

    @property
    def id(self) -> str:
        """The hold's id."""
        return self.hold.id

    @property
    def state(self) -> State:
        """Where it is in its life."""
        return self.hold.state

    @property
    def system(self) -> str:
        """The system whose action it is."""
        return self.subject.system

    @property
    def current_sha256(self) -> str:
        """What the next approval must name: the edited action if a person edited it."""
        return self.hold.approved_sha256 or self.hold.action_sha256

    @property
    def said(self) -> str:
        """The last person's comment or reason."""
        return self.verdicts[-1].said if self.verdicts else ""


@dataclass(frozen=True, slots=True)
class Content:
    """What was sealed: the action as proposed and as edited, each with its masked arguments, and what the door kept."""

    action: Action
    masked: Any
    keep: bytes = b""
    edited: Action | None = None
    edited_masked: Any = None

    @property
    def current(self) -> Action:
        """The action that is approved, or would be."""
        return self.edited or self.action

    @property
    def current_masked(self) -> Any:
        """Its arguments, findings masked."""
        return self.masked if self.edited is None else self.edited_masked

    @classmethod
    def of(cls, sealed: bytes, edited: bytes | None) -> Self:
        """From what `packed` gave."""
        action, masked, keep = _unpacked(sealed)
        if edited is None:
            return cls(action, masked, keep)
        return cls(action, masked, keep, *_unpacked(edited)[:2])


def halted_hold(held: Held) -> Refusal:
    """What the requester of an action is told that a halt cancelled."""
    return Refusal(
        Message("Un arrêt d'urgence a annulé cette action.", "An emergency stop cancelled this action."),
        Message(
            f"La demander de nouveau une fois l'arrêt levé (arrêt {held.halt}).",
            f"Ask for it again once the halt is lifted (halt {held.halt}).",
        ),
        code="halted",
    )


def packed(action: Action, masked: Any, keep: bytes = b"") -> bytes:
    """What is sealed of an action."""
    kept = base64.b64encode(keep).decode()
    return orjson.dumps({"action": action.canonical.decode(), "masked": masked, "keep": kept})


def _unpacked(content: bytes) -> tuple[Action, Any, bytes]:
    value = orjson.loads(content)
    action = orjson.loads(value["action"])
    return Action.of(action["tool"], action["arguments"]), value["masked"], base64.b64decode(value["keep"])


def subject_of(column: str) -> Subject:
    """The names that a halt may name, from their column."""
    return Subject(**orjson.loads(column))


def held_of(row: Row[Any], verdicts: tuple[Verdict, ...]) -> Held:
    """A row of `holds` and its verdicts, in order."""
    hold = Hold(
        id=row.id,
        state=State(row.state),
        action_sha256=row.action_sha256,
        requester=row.requester,
        expires_at=row.expires_at,
        approvals_needed=row.approvals_needed,
        approvers=tuple(one.person for one in verdicts if one.counts),
        approved_sha256=row.approved_sha256,
    )
    return Held(
        hold=hold,
        change=row.change,
        joined=row.joined,
        subject=subject_of(row.subject),
        decision=row.decision,
        door=row.door,
        tool=row.tool,
        entities=orjson.loads(row.entities),
        policy=row.policy,
        rule=row.rule,
        code=row.code,
        reason=Message(row.reason_fr, row.reason_en),
        created_at=row.created_at,
        changed_at=row.changed_at,
        delivered=row.delivered_at is not None,
        halt=row.halt,
        ended_because=row.ended_because,
        verdicts=verdicts,
        escalate_s=row.escalate_s,
    )


def row_of(name: str, proposal: Proposal, created_at: str, expires_at: str, change: int) -> dict[str, Any]:
    """A new hold as a row, but for what is sealed."""
    return {
        "id": name,
        "state": State.WAITING.value,
        "change": change,
        "joined": change,
        "system": proposal.subject.system,
        "session": proposal.subject.session,
        "subject": orjson.dumps(asdict(proposal.subject)).decode(),
        "decision": proposal.decision,
        "door": proposal.door,
        "requester": proposal.requester,
        "join_key": proposal.join_key,
        "position": proposal.position,
        "tool": proposal.action.tool,
        "action_sha256": proposal.action.sha256,
        "approved_sha256": "",
        "entities": orjson.dumps(dict(proposal.entities), option=orjson.OPT_SORT_KEYS).decode(),
        "policy": proposal.policy,
        "rule": proposal.rule,
        "code": proposal.code,
        "reason_fr": proposal.reason.fr,
        "reason_en": proposal.reason.en,
        "approvals_needed": proposal.approvals,
        "created_at": created_at,
        "expires_at": expires_at,
        "escalate_s": proposal.escalate_s,
        "changed_at": created_at,
        "halt": "",
        "ended_because": "",
    }
