"""Traps: what an entry claims against what is known of its provider. Pure; one check, one code, one test each.

The facts behind each check are the providers' own documents: an endpoint's place does not prove where processing happens.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.config import Deployment
from gateway.errors import Message

CANADIAN_REGIONS = frozenset({"ca-central-1", "ca-west-1"})
MONTREAL = "northamerica-northeast1"
_PROFILE = re.compile(r"^(?:us|eu|apac|jp|au|global|us-gov)\.")
_REGIONAL_UNITS = frozenset({"standard", "provisionedmanaged"})


@dataclass(frozen=True, slots=True)
class Trap:
    """A check: True when the entry falls into it."""

    code: str
    caught: Callable[[Deployment], bool]
    text: Message


def _name(deployment: Deployment) -> str:
    """The provider's model without litellm's prefix."""
    return deployment.provider.model.partition("/")[2] or deployment.provider.model


def _by_litellm(deployment: Deployment, *prefixes: str) -> bool:
    return deployment.provider.protocol == "litellm" and deployment.provider.model.partition("/")[0] in prefixes


def _host(deployment: Deployment) -> str:
    return urlsplit(deployment.provider.base_url or "").hostname or ""


def _claims_canada(deployment: Deployment) -> bool:
    return deployment.processing.country == "CA"


def _bedrock(deployment: Deployment) -> bool:
    return _by_litellm(deployment, "bedrock") or "bedrock" in _host(deployment)


def _bedrock_profile(deployment: Deployment) -> bool:
    name = _name(deployment).removeprefix("converse/").removeprefix("invoke/")
    is_profile = bool(_PROFILE.match(name)) or "inference-profile" in name
    listed = deployment.destinations
    stays = bool(listed) and all(region in CANADIAN_REGIONS for region in listed)
    return _bedrock(deployment) and is_profile and _claims_canada(deployment) and not stays


def _bedrock_region(deployment: Deployment) -> bool:
    claimed = deployment.processing.region
    used = deployment.provider.options.get("aws_region_name")
    return _bedrock(deployment) and _claims_canada(deployment) and (used is not None and used != claimed)


def _azure(deployment: Deployment) -> bool:
    host = _host(deployment)
    return _by_litellm(deployment, "azure", "azure_ai") or host.endswith(
        (".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com")
    )


def _azure_unit(deployment: Deployment) -> bool:
    return _azure(deployment) and _claims_canada(deployment) and (deployment.unit or "").lower() not in _REGIONAL_UNITS


def _vertex_place(deployment: Deployment) -> bool:
    if not (
        _by_litellm(deployment, "vertex_ai", "vertex_ai_beta")
        or _host(deployment).endswith("aiplatform.googleapis.com")
    ):
        return False
    if not _claims_canada(deployment):
        return False
    url = deployment.provider.base_url or ""
    return _host(deployment) != f"{MONTREAL}-aiplatform.googleapis.com" or f"/locations/{MONTREAL}" not in url


def _anthropic(deployment: Deployment) -> bool:
    direct = _by_litellm(deployment, "anthropic") or _host(deployment).endswith("api.anthropic.com")
    return direct and _claims_canada(deployment)


def _openai_at_rest(deployment: Deployment) -> bool:
    direct = _by_litellm(deployment, "openai") or _host(deployment).endswith("api.openai.com")
    contracted = deployment.contract is not None and deployment.processing.guarantee == "contractual"
    return direct and _claims_canada(deployment) and not contracted


def _ovh(deployment: Deployment) -> bool:
    hosted = _host(deployment).endswith("endpoints.kepler.ai.cloud.ovh.net") or _by_litellm(deployment, "ovhcloud")
    return hosted and _claims_canada(deployment)


def _mistral(deployment: Deployment) -> bool:
    hosted = _host(deployment).endswith("api.mistral.ai") or _by_litellm(deployment, "mistral")
    return hosted and _claims_canada(deployment)


def _unencrypted(deployment: Deployment) -> bool:
    url = urlsplit(deployment.provider.base_url or "")
    local = (url.hostname or "") in ("127.0.0.1", "::1", "localhost")
    return url.scheme == "http" and not local and not deployment.operator.public_body


TRAPS: tuple[Trap, ...] = (
    Trap(
        "bedrock_cross_region",
        _bedrock_profile,
        Message(
            "Un profil d'inférence Bedrock interrégional sort de la région source; lister toutes ses régions de destination.",
            "A Bedrock cross-region inference profile leaves its source region; list all its destination regions.",
        ),
    ),
    Trap(
        "bedrock_other_region",
        _bedrock_region,
        Message("La région appelée n'est pas celle de la fiche.", "The region called is not the entry's."),
    ),
    Trap(
        "azure_not_regional",
        _azure_unit,
        Message(
            "L'unité de déploiement Azure n'est pas régionale, ou n'est pas indiquée.",
            "The Azure unit of deployment is not regional, or not stated.",
        ),
    ),
    Trap(
        "vertex_not_montreal",
        _vertex_place,
        Message(
            "L'hôte et le chemin Vertex doivent être ceux de northamerica-northeast1.",
            "Vertex's host and path must both be northamerica-northeast1's.",
        ),
    ),
    Trap(
        "anthropic_no_canada",
        _anthropic,
        Message(
            "L'API directe d'Anthropic n'offre que « us » et « global ».",
            "Anthropic's direct API offers only 'us' and 'global'.",
        ),
    ),
    Trap(
        "openai_at_rest_only",
        _openai_at_rest,
        Message(
            "La résidence d'OpenAI au Canada vaut pour les données au repos, non pour le traitement.",
            "OpenAI's Canadian residency is for data at rest, not for processing.",
        ),
    ),
    Trap(
        "ovh_endpoints_in_eu",
        _ovh,
        Message(
            "AI Endpoints d'OVHcloud est hébergé dans l'Union européenne, non à Beauharnois.",
            "OVHcloud's AI Endpoints is hosted in the European Union, not at Beauharnois.",
        ),
    ),
    Trap(
        "mistral_not_in_canada",
        _mistral,
        Message(
            "La Plateforme de Mistral n'est pas hébergée au Canada.", "Mistral's La Plateforme is not hosted in Canada."
        ),
    ),
    Trap(
        "not_encrypted",
        _unencrypted,
        Message(
            "La liaison avec un tiers n'est pas chiffrée (http).", "The link to a third party is not encrypted (http)."
        ),
    ),
)


def traps(deployment: Deployment) -> tuple[str, ...]:
    """The codes of the traps that an entry falls into, sorted."""
    return tuple(sorted(trap.code for trap in TRAPS if trap.caught(deployment)))
