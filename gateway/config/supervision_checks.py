"""What the files of `config/` say of supervision, checked against each other. *Decisions*: pure.

Errors are what could not act as written: a step that tells nobody, prices that do not add up. Warnings are what acts as
written and is probably not meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gateway.config.models import Catalogue, Register, Settings
from gateway.config.notice_settings import Target, Webhook
from gateway.config.policy_files import RuleEntry
from gateway.config.problems import Problem
from gateway.config.reading import Document, Loc
from gateway.config.shapes import seconds_of
from gateway.errors import Message


def check_notices(settings: Settings, document: Document) -> Iterable[Problem]:
    """Names that are there twice, steps that nobody hears, steps out of order."""
    notices = settings.notices
    seen: set[str] = set()
    places: dict[str, Sequence[Webhook | Target]] = {
        "webhooks": notices.webhooks, "email": notices.email, "chat": notices.chat,
    }  # fmt: skip
    for key, targets in places.items():
        for index, target in enumerate(targets):
            if target.id in seen:
                said = Message(f"{target.id} est là deux fois.", f"{target.id} is there twice.")
                yield document.problem(
                    ("notices", key, index, "id"), said, Message("En renommer un.", "Rename one of them.")
                )
            seen.add(target.id)
    before = 0
    for index, step in enumerate(notices.escalation):
        loc: Loc = ("notices", "escalation", index)
        for at, name in enumerate(step.to):
            if name not in seen:
                listed = ", ".join(sorted(seen)) or "—"
                yield document.problem(
                    (*loc, "to", at),
                    Message(f"Destinataire inconnu\u00a0: {name}.", f"Unknown target: {name}."),
                    Message(f"Connus\u00a0: {listed}.", f"Known: {listed}."),
                )
        if seconds_of(step.after) <= before:
            yield document.problem(
                (*loc, "after"),
                Message(
                    "Cette étape ne vient pas après la précédente.", "This step does not come after the one before."
                ),
                Message("Donner les étapes dans l'ordre du temps.", "Give the steps in the order of time."),
            )
        before = seconds_of(step.after)


def check_tools(register: Register, document: Document) -> Iterable[Problem]:
    """Systems that do not exist, and the same tool said twice of one system."""
    systems = {one.id for one in register.systems}
    said: set[tuple[str, str]] = set()
    for index, tool in enumerate(register.tools):
        loc: Loc = ("tools", index)
        for at, name in enumerate(tool.systems):
            if name not in systems:
                listed = ", ".join(sorted(systems)) or "—"
                yield document.problem(
                    (*loc, "systems", at),
                    Message(f"Système inconnu\u00a0: {name}.", f"Unknown system: {name}."),
                    Message(f"Connus\u00a0: {listed}.", f"Known: {listed}."),
                )
        for system in tool.systems or ("",):
            if (tool.name, system) in said:
                yield document.problem(
                    (*loc, "name"),
                    Message(f"{tool.name} est là deux fois.", f"{tool.name} is there twice."),
                    Message("N'en garder qu'un; le pire des deux vaut.", "Keep one of them; the worse counts."),
                )
            said.add((tool.name, system))


def check_prices(catalogue: Catalogue, document: Document) -> Iterable[Problem]:
    """Prices in several currencies cannot be added up."""
    first = ""
    for index, deployment in enumerate(catalogue.deployments):
        if deployment.price is None:
            continue
        first = first or deployment.price.currency
        if deployment.price.currency != first:
            yield document.problem(
                ("deployments", index, "price", "currency"),
                Message("Les prix sont en plusieurs monnaies.", "Prices are in several currencies."),
                Message(f"Les donner tous en {first}.", f"Give them all in {first}."),
            )


def check_limits(register: Register, catalogue: Catalogue, document: Document) -> Iterable[Problem]:
    """A limit of spend over deployments without a price counts nothing."""
    for index, system in enumerate(register.systems):
        if not system.limits.spend:
            continue
        serving = {one.id: one for model in system.models for one in catalogue.deployments_of(model)}
        free = sorted(name for name, one in serving.items() if one.price is None)
        if free:
            listed = ", ".join(free)
            yield document.problem(
                ("systems", index, "limits", "spend"),
                Message(
                    f"Des déploiements n'ont pas de prix\u00a0: {listed}.", f"Deployments without price: {listed}."
                ),
                Message(
                    "Donner leur prix au catalogue, 0 s'il le faut.", "Give their price in the catalogue, 0 if so."
                ),
                severity="warning",
            )


def check_escalation(settings: Settings, entries: Sequence[tuple[RuleEntry, Loc, Document]]) -> Iterable[Problem]:
    """A rule that escalates to nobody."""
    if settings.notices.escalation:
        return
    for entry, loc, document in entries:
        if entry.hold is not None and entry.hold.escalate is not None:
            yield document.problem(
                (*loc, "hold", "escalate"),
                Message("Personne n'est à prévenir ensuite.", "Nobody is to be told next."),
                Message(
                    "Les nommer dans notices.escalation de vigie.yaml.", "Name them in vigie.yaml's notices.escalation."
                ),
                severity="warning",
            )
