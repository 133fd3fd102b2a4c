"""What a deployment's `provider` may say. *Decisions*: pure checks, each with the place of what is wrong.

A provider entry is where a secret could be written by mistake, a host left to a library's default, or a safeguard
switched off by an option. So: hosts are explicit, options are of a list, and what is a secret is a reference.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gateway.config.models import ProviderRef
from gateway.config.problems import Problem
from gateway.config.reading import Document, Loc
from gateway.config.secret import is_secret
from gateway.errors import Message


@dataclass(frozen=True, slots=True)
class Wire:
    """A protocol that litellm translates and that is tested here: options it may have, those it must, its secrets."""

    options: frozenset[str]
    secrets: frozenset[str]
    needed: frozenset[str]
    credentials: tuple[frozenset[str], ...]
    """Sets of keys, one of which must be there whole: the environment of the process is never asked for credentials."""


_KEY = frozenset({"api_key"})
_AWS = frozenset({"aws_access_key_id", "aws_secret_access_key"})
WIRES: dict[str, Wire] = {
    "anthropic": Wire(frozenset(), frozenset(), frozenset(), (_KEY,)),
    "azure": Wire(
        frozenset({"api_version", "azure_ad_token"}),
        frozenset({"azure_ad_token"}),
        frozenset({"api_version"}),
        (_KEY, frozenset({"azure_ad_token"})),
    ),
    "bedrock": Wire(
        frozenset({"aws_region_name", "aws_session_token"}) | _AWS,
        frozenset({"aws_session_token"}) | _AWS,
        frozenset({"aws_region_name"}),
        (_KEY, _AWS),
    ),
}


def check_provider(provider: ProviderRef, document: Document, loc: Loc) -> Iterable[Problem]:
    """`loc`: of the `provider` mapping."""
    if provider.protocol != "openai" and "apis" in provider.model_fields_set:
        yield document.problem(
            (*loc, "apis"),
            Message("Seul le protocole openai a des apis.", "Only the openai protocol has apis."),
            Message("Retirer apis.", "Remove apis."),
            key=True,
        )
    if provider.protocol == "litellm":
        yield from _check_translated(provider, document, loc)
    elif provider.options:
        yield document.problem(
            (*loc, "options"),
            Message("Seul le protocole litellm a des options.", "Only the litellm protocol has options."),
            Message("Retirer options.", "Remove options."),
            key=True,
        )


def _check_translated(provider: ProviderRef, document: Document, loc: Loc) -> Iterable[Problem]:
    name = provider.model.partition("/")[0]
    wire = WIRES.get(name)
    if wire is None or "/" not in provider.model:
        known = ", ".join(f"{one}/…" for one in WIRES)
        yield document.problem(
            (*loc, "model"),
            Message(
                f"Avec litellm, le modèle nomme son fournisseur, l'un de\u00a0: {known}.",
                f"With litellm, the model names its provider, one of: {known}.",
            ),
            Message(
                "Pour un service qui parle le protocole d'OpenAI (Vertex et Mistral aussi), écrire protocol: openai.",
                "For a service that speaks OpenAI's protocol (Vertex and Mistral do too), write protocol: openai.",
            ),
        )
        return
    if provider.base_url is None:
        yield document.problem(
            loc,
            Message(
                "Il manque base_url\u00a0: l'hôte appelé s'écrit au catalogue, jamais par défaut.",
                "base_url is missing: the host called is written in the catalogue, never a default.",
            ),
            Message("L'ajouter sous provider.", "Add it under provider."),
        )
    for option, value in provider.options.items():
        yield from _check_option(option, value, wire, document, (*loc, "options", option))
    given = frozenset(provider.options) | (_KEY if provider.api_key is not None else frozenset())
    for missing in sorted(wire.needed - given):
        yield document.problem(
            loc,
            Message(f"Il manque options.{missing}.", f"options.{missing} is missing."),
            Message("L'ajouter sous provider.options.", "Add it under provider.options."),
        )
    if not any(one <= given for one in wire.credentials):
        ways = " / ".join(" + ".join(sorted(one)) for one in wire.credentials)
        yield document.problem(
            loc,
            Message(
                f"Il manque de quoi s'authentifier\u00a0: {ways}.", f"The means to authenticate are missing: {ways}."
            ),
            Message(
                "Rien n'est pris de l'environnement sans référence.",
                "Nothing is taken from the environment without a reference.",
            ),
        )


def _check_option(option: str, value: Any, wire: Wire, document: Document, loc: Loc) -> Iterable[Problem]:
    if option not in wire.options:
        known = ", ".join(sorted(wire.options)) or "—"
        yield document.problem(
            loc,
            Message(f"Option inconnue\u00a0: {option}.", f"Unknown option: {option}."),
            Message(f"Connues\u00a0: {known}.", f"Known: {known}."),
            key=True,
            hide=True,
        )
    elif option in wire.secrets and not is_secret(value):
        yield document.problem(
            loc,
            Message(
                f"{option}\u00a0: un secret s'écrit par référence.", f"{option}: a secret is written as a reference."
            ),
            Message("Écrire env:NOM ou file:CHEMIN.", "Write env:NAME or file:PATH."),
            hide=True,
        )
    elif not isinstance(value, str) or not value:
        yield document.problem(
            loc,
            Message(f"{option}\u00a0: il faut un texte.", f"{option}: must be a string."),
            Message("L'écrire entre guillemets.", "Write it in quotes."),
        )
