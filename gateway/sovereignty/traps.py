"""Traps: what an entry claims against what is known of its provider. Pure; one check, one code, one test each.

The facts behind each check are the providers' own documents: an endpoint's place does not prove where processing happens.
What a check does not know counts as the worst case: a region that is not in `REGIONS` is not in Canada.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.config import Deployment
from gateway.errors import Message

REGIONS: dict[str, str] = {  # provider's region → subdivision; Toronto and Calgary are outside Québec (A-2.1, s. 70.1)
    "ca-central-1": "CA-QC",
    "ca-west-1": "CA-AB",
    "canadaeast": "CA-QC",
    "canadacentral": "CA-ON",
    "northamerica-northeast1": "CA-QC",
    "northamerica-northeast2": "CA-ON",
}
_AWS_REGION = re.compile(r"\b(?:[a-z]{2}(?:-gov|-iso[a-z]?)?|mx)-(?:north|south|east|west|central|northeast|southeast|"
                         r"northwest|southwest)-\d\b")  # fmt: skip
_BEDROCK_VENDORS = "ai21 amazon anthropic cohere deepseek google luma meta minimax mistral moonshot moonshotai nvidia "
_BEDROCK_VENDORS += "openai qwen stability twelvelabs writer zai"
_PROFILE = re.compile(
    rf"^(?:us|eu|apac|jp|au|ca|global|us-gov)\.|^[a-z-]+\.(?:{'|'.join(_BEDROCK_VENDORS.split())})\.|inference-profile"
)
_ROUTES = re.compile(r"^(?:converse|invoke|converse_like|nova|nova-2)/")
_REGIONAL_UNITS = frozenset({"standard", "provisionedmanaged"})
_AZURE_HOSTS = (".openai.azure.com", ".ai.azure.com", ".cognitiveservices.azure.com", ".api.cognitive.microsoft.com")


@dataclass(frozen=True, slots=True)
class Trap:
    """A check: True when the entry falls into it."""

    code: str
    caught: Callable[[Deployment], bool]
    text: Message


def _by_litellm(deployment: Deployment, *prefixes: str) -> bool:
    return deployment.provider.protocol == "litellm" and deployment.provider.model.partition("/")[0] in prefixes


def _host(deployment: Deployment) -> str:
    return (urlsplit(deployment.provider.base_url or "").hostname or "").lower()


def _is_host(deployment: Deployment, *names: str) -> bool:
    """Whether the host is one of `names`, or below one of them."""
    host = _host(deployment)
    return any(host == name or host.endswith("." + name.lstrip(".")) for name in names)


def _claims_canada(deployment: Deployment) -> bool:
    return deployment.processing.country == "CA"


# ── Bedrock ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _bedrock(deployment: Deployment) -> bool:
    return _by_litellm(deployment, "bedrock") or (
        "bedrock" in _host(deployment) and _is_host(deployment, "amazonaws.com", "amazonaws.com.cn", "api.aws")
    )


def _bedrock_model(deployment: Deployment) -> tuple[str, str]:
    """(region written into the model's name, or nothing; Bedrock's own id) of litellm's name."""
    name = deployment.provider.model
    if deployment.provider.protocol == "litellm":
        name = name.partition("/")[2]
    name = _ROUTES.sub("", name)
    first, slash, rest = name.partition("/")
    if slash and _AWS_REGION.fullmatch(first):
        return first, _ROUTES.sub("", rest)
    return "", name


def _bedrock_profile(deployment: Deployment) -> bool:
    if not (_bedrock(deployment) and _claims_canada(deployment)):
        return False
    _, name = _bedrock_model(deployment)
    if not _PROFILE.search(name):
        return False
    where, listed = deployment.processing.subdivision, deployment.destinations
    stays = all(region in REGIONS and where in (None, REGIONS[region]) for region in listed)
    return not (listed and stays)


def _bedrock_region(deployment: Deployment) -> bool:
    """Every region that the call names (option, model, host, ARN) must be the entry's own."""
    if not (_bedrock(deployment) and _claims_canada(deployment)):
        return False
    embedded, name = _bedrock_model(deployment)
    named = {deployment.provider.options.get("aws_region_name"), embedded}
    named.update(_AWS_REGION.findall(_host(deployment)))
    if name.startswith("arn:"):
        named.update(_AWS_REGION.findall(name))
    return bool({str(one) for one in named if one} - {deployment.processing.region})


# ── other providers ───────────────────────────────────────────────────────────────────────────────────────────────


def _azure(deployment: Deployment) -> bool:
    return _by_litellm(deployment, "azure", "azure_ai") or _is_host(deployment, *_AZURE_HOSTS)


def _azure_unit(deployment: Deployment) -> bool:
    return _azure(deployment) and _claims_canada(deployment) and (deployment.unit or "").lower() not in _REGIONAL_UNITS


def _google(deployment: Deployment) -> bool:
    return _by_litellm(deployment, "vertex_ai", "vertex_ai_beta", "gemini") or (
        _host(deployment).endswith("aiplatform.googleapis.com")
        or _is_host(deployment, "generativelanguage.googleapis.com")
    )


def _vertex_place(deployment: Deployment) -> bool:
    if not (_google(deployment) and _claims_canada(deployment)):
        return False
    region = deployment.processing.region or ""
    path = urlsplit(deployment.provider.base_url or "").path + "/"
    return (
        region not in REGIONS
        or _host(deployment) != f"{region}-aiplatform.googleapis.com"
        or f"/locations/{region}/" not in path
    )


def _anthropic(deployment: Deployment) -> bool:
    return _by_litellm(deployment, "anthropic") or _is_host(deployment, "api.anthropic.com")


def _openai(deployment: Deployment) -> bool:
    return _by_litellm(deployment, "openai") or _is_host(deployment, "api.openai.com")


def _openai_at_rest(deployment: Deployment) -> bool:
    contracted = deployment.contract is not None and deployment.processing.guarantee == "contractual"
    return _openai(deployment) and _claims_canada(deployment) and not contracted


def _ovh(deployment: Deployment) -> bool:
    return _by_litellm(deployment, "ovhcloud") or _is_host(deployment, "endpoints.kepler.ai.cloud.ovh.net")


def _mistral(deployment: Deployment) -> bool:
    return _by_litellm(deployment, "mistral") or _is_host(deployment, "api.mistral.ai")


# ── any provider ──────────────────────────────────────────────────────────────────────────────────────────────────


def _other_subdivision(deployment: Deployment) -> bool:
    """A large provider's region that is not in the subdivision, or not in the country, that the entry claims."""
    place = deployment.processing
    if place.country != "CA" or place.region is None:
        return False
    known = REGIONS.get(place.region.lower().replace(" ", ""))
    if known is None:
        return _bedrock(deployment) or _azure(deployment) or _google(deployment)
    return place.subdivision not in (None, known)


def _reached_by_foreign_law(deployment: Deployment) -> bool:
    """The two axes are independent: a region in Québec does not make its operator a Canadian one."""
    foreign = (_bedrock, _azure, _google, _anthropic, _openai, _mistral, _ovh)
    operator = deployment.operator
    if not any(known(deployment) for known in foreign):
        return False
    return (
        operator.home == "CA" or operator.home.startswith("CA-") or operator.public_body or not operator.foreign_reach
    )


def _unencrypted(deployment: Deployment) -> bool:
    url = urlsplit(deployment.provider.base_url or "")
    local = (url.hostname or "") in ("127.0.0.1", "::1", "localhost")
    return url.scheme == "http" and not local and not deployment.operator.public_body


TRAPS: tuple[Trap, ...] = (
    Trap(
        "bedrock_cross_region",
        _bedrock_profile,
        Message(
            "Un profil d'inférence Bedrock sort de sa région source; lister toutes ses régions de destination.",
            "A Bedrock inference profile leaves its source region; list all its destination regions.",
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
        "vertex_not_regional",
        _vertex_place,
        Message(
            "L'hôte et le chemin Vertex doivent tous deux être ceux de la région canadienne de la fiche.",
            "Vertex's host and path must both be those of the entry's Canadian region.",
        ),
    ),
    Trap(
        "anthropic_no_canada",
        lambda deployment: _anthropic(deployment) and _claims_canada(deployment),
        Message(
            "L'API directe d'Anthropic n'offre que «\u00a0us\u00a0» et «\u00a0global\u00a0».",
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
        lambda deployment: _ovh(deployment) and _claims_canada(deployment),
        Message(
            "AI Endpoints d'OVHcloud est hébergé dans l'Union européenne, non à Beauharnois.",
            "OVHcloud's AI Endpoints is hosted in the European Union, not at Beauharnois.",
        ),
    ),
    Trap(
        "mistral_not_in_canada",
        lambda deployment: _mistral(deployment) and _claims_canada(deployment),
        Message(
            "La Plateforme de Mistral n'est pas hébergée au Canada.", "Mistral's La Plateforme is not hosted in Canada."
        ),
    ),
    Trap(
        "region_elsewhere",
        _other_subdivision,
        Message(
            "La région du fournisseur n'est pas dans le lieu que la fiche indique.",
            "The provider's region is not in the place that the entry states.",
        ),
    ),
    Trap(
        "operator_under_foreign_law",
        _reached_by_foreign_law,
        Message(
            "Une loi étrangère atteint cet exploitant, où que soit le traitement; la fiche dit le contraire.",
            "A foreign law reaches this operator, wherever processing happens; the entry says otherwise.",
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
