"""What is true of a call: the facts that policy sees. *Decisions*: pure functions, no I/O, no clock, but for
`standing_facts`, which asks the history.

Everything here ends up in the ledger, so nothing here carries a value that may not be kept: of personal data only
types and counts, of tools only names (DESIGN, "Stages and effects").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.audit import Counters
from gateway.config import Configuration, Register, System, lists_tools, standing_of
from gateway.errors import Message, Refusal
from gateway.policies import Facts
from gateway.supervision import Action, History
from gateway.wire.calls import Call

_SESSION = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_PURPOSE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
BILLIONTHS_A_CENT = 10_000_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What the edge hands over for one call: the bytes, who presents which key, and the optional headers.

    `user` is already hashed; `language` is "fr" or "en".
    """

    protocol: str
    body: bytes
    token: str
    user: str = ""
    session: str = ""
    agent: str = ""
    purpose: str = ""
    classification: str = ""
    dry_run: bool = False
    language: str = "fr"


def check_headers(asked: Asked) -> None:
    """The headers that end up in records are plain names. Raises a `Refusal` that does not say what they held."""
    for header, value, form in (
        ("x-vigie-session", asked.session, _SESSION),
        ("x-vigie-agent", asked.agent, _SESSION),
        ("x-vigie-purpose", asked.purpose, _PURPOSE),
    ):
        if value and form.fullmatch(value) is None:
            raise Refusal(
                Message(f"{header}\u00a0: il faut un nom simple.", f"{header}: must be a plain name."),
                Message(
                    "Des lettres sans accent, des chiffres et . _ : -, sans espace.",
                    "Unaccented letters, digits and . _ : -, without a space.",
                ),
                code="invalid_header",
                status=400,
                param=header,
            )


def call_facts(
    call: Call,
    system: System,
    register: Register,
    asked: Asked,
    now: datetime,
    zone: ZoneInfo,
    tokens_used: int,
    *,
    halted: bool,
) -> Facts:
    """The facts common to every stage of the call. `now` is UTC; dates and hours are the body's own (`zone`)."""
    local = now.astimezone(zone)
    classification = _classification(asked.classification, system, register)
    purpose = asked.purpose or (system.purposes[0] if system.purposes else "")
    assessment = system.assessment
    on_file = assessment is not None
    budget = system.budget.tokens_per_day if system.budget is not None else 0
    return {
        "system.id": system.id,
        "system.classification": system.classification,
        "system.decision_role": system.decision_role,
        "system.purposes": _sorted(system.purposes),
        "call.protocol": call.protocol,
        "call.model": call.model,
        "call.stream": call.stream,
        "call.purpose": purpose,
        "call.purpose_registered": purpose in system.purposes,
        "call.classification": classification,
        "call.classification_rank": register.classifications.index(classification),
        "call.tools": _sorted(call.tools),
        "call.provider_tools": _sorted(call.provider_tools),
        "call.unknown_fields": _sorted(call.fields),
        "call.media": _sorted(call.media),
        "call.date": local.date().isoformat(),
        "call.hour": local.hour,
        "call.user_known": bool(asked.user),
        "call.dry_run": asked.dry_run,
        "assessment.on_file": on_file,
        "assessment.valid": assessment is not None and _in_force(assessment.expires, local.date()),
        "assessment.entities": _sorted(assessment.personal_data) if assessment is not None else (),
        "training.required": system.training_required,
        "training.valid": bool(asked.user) and asked.user in system.trained_users,
        "budget.tokens_per_day": budget,
        "budget.tokens_used": _in_steps(tokens_used, budget),
        "model.registered": call.model in system.models,
        "halt.active": halted,
    }


def session_facts(counters: Counters, session: str, system: System, now: datetime) -> Facts:
    """The session so far and its limits, which the stages admission and action see. `counters`: before this call."""
    limits = system.limits
    minutes = max(timedelta(), now - datetime.fromisoformat(counters.since)) if counters.since else timedelta()
    return {
        "session.present": bool(session),
        "session.calls": counters.calls,
        "session.actions": counters.actions,
        "session.distinct_tools": counters.distinct_tools,
        "session.tokens": counters.tokens,
        "session.minutes": minutes // timedelta(minutes=1),
        "session.spend": counters.spend // BILLIONTHS_A_CENT,
        "limits.steps": limits.steps,
        "limits.minutes": limits.minutes,
        "limits.tokens": limits.tokens,
        "limits.spend": int(limits.spend * 100),
    }


async def standing_facts(
    action: Action,
    session: str,
    system: System,
    configuration: Configuration,
    history: History,
    now: datetime,
    *,
    provider_side: bool = False,
    ahead: int = 0,
) -> Facts:
    """Where an action stands: its tool in the register, what people approved before, its session. Raises a `Fault`.

    `ahead`: how many actions of the same answer come before it, which no record has yet.
    """
    since = now - timedelta(days=configuration.settings.supervision.approved_within_days)
    approved = await history.approvals(system.id, action.sha256, since)
    counters = await history.session(system.id, session)
    counters = replace(counters, actions=counters.actions + ahead) if session else counters
    return {
        **tool_facts(configuration.register, system, action.tool, approved, provider_side=provider_side),
        **session_facts(counters, session, system, now),
    }


def tool_facts(
    register: Register, system: System, tool: str, approved_before: int, *, provider_side: bool = False
) -> Facts:
    """What the register says of an action's tool, and how often people let exactly this action go before."""
    standing = standing_of(register.tools, tool, system.id)
    return {
        "action.registered": standing.registered,
        "action.risk": standing.risk,
        "action.reversible": standing.reversible,
        "action.provider_side": provider_side,
        "action.approved_before": approved_before,
        "system.tools_listed": lists_tools(register.tools, system.id),
    }


def privacy_facts(found: Iterable[str], assessed: Sequence[str]) -> Facts:
    """`found`: the type of each finding in the call, one entry a finding. `assessed`: types the assessment names."""
    types = list(found)
    kinds = _sorted(types)
    return {
        "privacy.entities": kinds,
        "privacy.count": len(types),
        "privacy.unassessed": tuple(kind for kind in kinds if kind not in assessed),
    }


def routing_facts(
    deployment: Facts,
    remaining: Iterable[str],
    assessed: Sequence[str],
    unknown: Sequence[str],
    allowed: Sequence[str],
    *,
    halted: bool,
) -> Facts:
    """Facts of one candidate deployment: its own, and what would leave for it once input effects are applied."""
    leaving = _sorted(remaining)
    return {
        **deployment,
        "privacy.remaining": leaving,
        "deployment.halted": halted,
        "deployment.unassessed": tuple(kind for kind in leaving if kind not in assessed),
        "deployment.unknown_fields": tuple(field for field in _sorted(unknown) if field not in allowed),
    }


def output_facts(found: Iterable[str], new: Iterable[str]) -> Facts:
    """`found`: a type for each finding in the model's own words; `new`: those whose value the prompt did not hold."""
    types = list(found)
    return {
        "output.entities": _sorted(types),
        "output.count": len(types),
        "output.new_entities": _sorted(new),
    }


def _classification(asked: str, system: System, register: Register) -> str:
    """The higher of what the system is registered for and what the call says; a call can never lower it."""
    order = list(register.classifications)
    if not asked:
        return system.classification
    if asked not in order:
        raise Refusal(
            Message("La classification demandée n'existe pas.", "The classification asked for does not exist."),
            Message(f"Valeurs possibles\u00a0: {', '.join(order)}.", f"Possible values: {', '.join(order)}."),
            code="unknown_classification",
            status=400,
            param="x-vigie-classification",
        )
    return max(asked, system.classification, key=order.index)


def _sorted(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


def _in_force(expires: date, today: date) -> bool:
    return today <= expires


def _in_steps(used: int, budget: int) -> int:
    """Tokens used, in hundredths of the budget: a fact that changes seldom is a decision that is remembered."""
    step = max(1, budget // 100)
    return used // step * step if budget else 0
