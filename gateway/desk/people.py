"""Who comes to the desk, and what they bring. *Edge*.

People present keys of their own (`vigie key create --person`); what they may do follows from their roles in the register,
and over a system's actions from being named as its supervisor. Errors have the shape of the wire APIs, French first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import orjson
from starlette.requests import Request

from gateway import refusals
from gateway.audit import Ledger
from gateway.config import Configuration, Person, Register, System
from gateway.content import Archive
from gateway.errors import Message, Refusal
from gateway.identity import Keys, Principal
from gateway.parts import Parts
from gateway.proposals import masked_text
from gateway.supervision import Halts, Holds, Watch
from gateway.supervision.waiting import LONGEST_SAID
from gateway.web import bearer

MAY_HALT = ("supervisor", "officer", "admin")
MAY_LOOK = (*MAY_HALT, "auditor")
MAY_DECIDE = ("supervisor", "admin")
MAX_BODY = 64 * 1024


class Kept(Protocol):
    """The parts of the house that the desk works with."""

    keys: Keys
    halts: Halts
    holds: Holds
    watch: Watch
    content: Archive
    ledger: Ledger
    parts: Parts
    user_key: bytes

    @property
    def configuration(self) -> Configuration: ...


async def principal_of(request: Request, house: Kept) -> Principal:
    """The holder of the key that comes with a request. Raises a 401 refusal."""
    token = bearer(request)
    principal = house.keys.authenticate(token) or await house.keys.look_again(token)
    if principal is None:
        raise refusals.unauthenticated()
    return principal


async def person_of(request: Request, house: Kept, roles: Sequence[str]) -> Person:
    """The person whose key this is, if one of `roles` is theirs. Raises a 401 or 403 refusal."""
    principal = await principal_of(request, house)
    if principal.person is None:
        raise refusals.unauthenticated()
    person = next((one for one in house.configuration.register.people if one.id == principal.person), None)
    if person is None or not set(person.roles) & set(roles):
        raise Refusal(
            Message("Votre rôle ne le permet pas.", "Your role does not allow this."),
            Message(f"Rôles admis\u00a0: {', '.join(roles)}.", f"Roles that may: {', '.join(roles)}."),
            code="role_missing",
        )
    return person


def may_decide(person: Person, system: System | None) -> bool:
    """Whether a person decides on the actions of a system: one of its supervisors, or an administrator."""
    if "admin" in person.roles:
        return True
    return system is not None and "supervisor" in person.roles and person.id in system.supervisors


def may_read(person: Person, system: System | None) -> bool:
    """Whether a person reads what was kept of a system's calls: an auditor, or one of its supervisors."""
    if "auditor" in person.roles:
        return True
    return system is not None and "supervisor" in person.roles and person.id in system.supervisors


def systems_of(person: Person, register: Register) -> list[str] | None:
    """The systems whose actions a person decides on; None for all."""
    return None if "admin" in person.roles else [one.id for one in register.systems if may_decide(person, one)]


def not_your_system() -> Refusal:
    """403: the action is of a system that this person does not supervise."""
    return Refusal(
        Message("Vous ne supervisez pas ce système.", "You do not supervise this system."),
        Message("Le registre nomme les personnes qui le font.", "The register names those who do."),
        code="not_a_supervisor",
    )


async def object_of(request: Request, limit: int = MAX_BODY) -> dict[str, Any]:
    """The body, a JSON object of at most `limit` bytes."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise Refusal(
                Message("Le corps de la demande est trop long.", "The request body is too long."),
                code="too_large",
                status=413,
            )
        parts.append(part)
    try:
        body = orjson.loads(b"".join(parts))
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(
            Message("Le corps doit être un objet JSON.", "The body must be a JSON object."),
            code="invalid_request",
            status=400,
        )
    return body


def text_of(body: dict[str, Any], name: str) -> str:
    """A text of the body. Raises a 400 refusal that names it."""
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Refusal(
            Message(f"{name}\u00a0: il faut un texte.", f"{name}: must be a text."),
            code="invalid_request",
            status=400,
            param=name,
        )
    return value


async def own_words(said: str, name: str, house: Kept) -> str:
    """A person's own words as they may be kept: findings masked."""
    if len(said) > LONGEST_SAID:
        raise Refusal(
            Message(f"{name}\u00a0: au plus {LONGEST_SAID} caractères.", f"{name}: at most {LONGEST_SAID} characters."),
            code="invalid_request",
            status=400,
            param=name,
        )
    return await masked_text(said, house.parts.analyser) if said else ""
