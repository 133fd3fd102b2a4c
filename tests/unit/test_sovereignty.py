"""Principle 12 as decisions: traps, tiers, facts, ranking, the circuit breaker, and where an answer says it was made."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from gateway.cli import main
from gateway.config import Deployment, Register
from gateway.sovereignty import TIERS, TRAPS, Attested, Breaker, Residency, deployment_facts, rank, tier, traps
from gateway.sovereignty.routing import FAILURES, OPEN_S

REGISTER = Register.model_validate(
    {
        "body": {"id": "b", "name": {"fr": "B", "en": "B"}, "contact": "c"},
        "classifications": ["public", "internal", "sensitive"],
    }
)
TODAY = date(2026, 11, 24)
MONTREAL = "https://northamerica-northeast1-aiplatform.googleapis.com/v1/projects/p/locations/northamerica-northeast1"
TORONTO = "https://northamerica-northeast2-aiplatform.googleapis.com/v1/projects/p/locations/northamerica-northeast2"


def entry(**changes: Any) -> Deployment:
    """A public body's own deployment in Québec, with `changes`: `provider__model="x"` reaches into a mapping."""
    whole: dict[str, Any] = {
        "id": "d",
        "provider": {"protocol": "openai", "base_url": "https://ia.exemple.quebec/v1", "model": "m"},
        "operator": {"name": "Exemple", "home": "CA-QC", "public_body": True, "foreign_reach": []},
        "processing": {
            "country": "CA",
            "subdivision": "CA-QC",
            "region": None,
            "routing": "regional",
            "guarantee": "direct-control",
        },
        "max_classification": "sensitive",
        "verified": {"on": "2026-11-01", "by": "p", "source": "s", "expires": "2027-05-01"},
    }
    for path, value in changes.items():
        *steps, last = path.split("__")
        place = whole
        for step in steps:
            place = place[step]
        place[last] = value
    return Deployment.model_validate(whole)


def vendor(**changes: Any) -> Deployment:
    """An American operator that claims Québec."""
    american = {"operator": {"name": "Vendeur", "home": "US", "foreign_reach": ["US-CLOUD-Act"]}}
    return entry(**{**american, "processing__guarantee": "contractual", **changes})


def translated(model: str, region: str = "", **changes: Any) -> Deployment:
    """Through litellm."""
    options = {"aws_region_name": region} if region else {}
    provider = {"protocol": "litellm", "model": model, "base_url": "http://127.0.0.1:9", "options": options}
    given = {"provider": provider, "processing__region": region or None, **changes}
    return vendor(**given)


def bedrock(model: str = "anthropic.claude-3-haiku-20240307-v1:0", **changes: Any) -> Deployment:
    return translated(f"bedrock/{model}", "ca-central-1", **changes)


def azure(**changes: Any) -> Deployment:
    given = {"unit": "ProvisionedManaged", "processing__region": "canadaeast", **changes}
    return translated("azure/gpt-5-mini", **given)


def vertex(url: str = MONTREAL, region: str | None = "northamerica-northeast1", **changes: Any) -> Deployment:
    given = {"provider__base_url": f"{url}/endpoints/openapi", "processing__region": region, **changes}
    return vendor(**given)


AMERICAN = {"processing__country": "US", "processing__subdivision": None, "processing__region": None}
ARN = "arn:aws:bedrock:{region}:1:{kind}/x"

# Trap by trap: entries that fall into it, and their nearest neighbours that do not.
CAUGHT: list[tuple[str, Deployment]] = [
    *[
        ("bedrock_cross_region", bedrock(f"{route}{prefix}.anthropic.claude-sonnet-4-5-20250929-v1:0"))
        for prefix in ("us", "eu", "apac", "jp", "au", "global", "us-gov", "ca", "zz")
        for route in ("", "converse/", "invoke/", "ca-central-1/", "converse/ca-central-1/")
    ],
    ("bedrock_cross_region", bedrock("global.amazon.nova-2-lite-v1:0")),
    ("bedrock_cross_region", bedrock(ARN.format(region="ca-central-1", kind="inference-profile"))),
    (
        "bedrock_cross_region",
        bedrock("converse/" + ARN.format(region="ca-central-1", kind="application-inference-profile")),
    ),
    ("bedrock_cross_region", bedrock("us.amazon.nova-lite-v1:0", destinations=["ca-central-1", "us-east-1"])),
    ("bedrock_cross_region", bedrock("us.amazon.nova-lite-v1:0", destinations=["ca-central-1", "ca-west-1"])),
    ("bedrock_other_region", bedrock(processing__region="ca-west-1", processing__subdivision="CA-AB")),
    ("bedrock_other_region", bedrock("us-east-1/anthropic.claude-3-haiku-20240307-v1:0")),
    ("bedrock_other_region", bedrock("converse/us-east-1/anthropic.claude-3-haiku-20240307-v1:0")),
    ("bedrock_other_region", bedrock(ARN.format(region="us-east-1", kind="provisioned-model"))),
    ("bedrock_other_region", bedrock(provider__base_url="https://bedrock-runtime.us-east-1.amazonaws.com")),
    ("bedrock_other_region", bedrock(provider__base_url="https://v.bedrock-runtime.eu-west-3.vpce.amazonaws.com")),
    ("bedrock_other_region", bedrock(processing__region=None)),
    ("azure_not_regional", azure(unit="GlobalStandard")),
    ("azure_not_regional", azure(unit="DataZoneStandard")),
    ("azure_not_regional", azure(unit="GlobalProvisionedManaged")),
    ("azure_not_regional", azure(unit=None)),
    ("azure_not_regional", vendor(provider__base_url="https://x.openai.azure.com/openai/v1")),
    ("azure_not_regional", vendor(provider__base_url="https://x.services.ai.azure.com/models")),
    ("azure_not_regional", vendor(provider__base_url="https://canadaeast.api.cognitive.microsoft.com/openai/v1")),
    ("vertex_not_regional", vertex("https://aiplatform.googleapis.com/v1/projects/p/locations/global")),
    (
        "vertex_not_regional",
        vertex("https://aiplatform.googleapis.com/v1/projects/p/locations/northamerica-northeast1"),
    ),
    ("vertex_not_regional", vertex(MONTREAL.replace("locations/northamerica-northeast1", "locations/global"))),
    (
        "vertex_not_regional",
        vertex(MONTREAL.replace("locations/northamerica-northeast1", "locations/northamerica-northeast12")),
    ),
    (
        "vertex_not_regional",
        vertex("https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1"),
    ),
    ("vertex_not_regional", vertex(TORONTO)),
    ("vertex_not_regional", vertex(region=None)),
    ("vertex_not_regional", vendor(provider__base_url="https://generativelanguage.googleapis.com/v1beta/openai")),
    ("vertex_not_regional", translated("vertex_ai/gemini-2.5-flash")),
    ("anthropic_no_canada", translated("anthropic/claude-sonnet-4-5")),
    ("anthropic_no_canada", vendor(provider__base_url="https://api.anthropic.com/v1")),
    ("openai_at_rest_only", vendor(provider__base_url="https://api.openai.com/v1")),
    ("openai_at_rest_only", vendor(provider__base_url="https://ca.api.openai.com/v1")),
    (
        "openai_at_rest_only",
        vendor(
            provider__base_url="https://api.openai.com/v1",
            processing__guarantee="documented",
            contract={"ref": "C", "expires": "2099-01-01"},
        ),
    ),
    ("ovh_endpoints_in_eu", vendor(provider__base_url="https://oai.endpoints.kepler.ai.cloud.ovh.net/v1")),
    ("mistral_not_in_canada", vendor(provider__base_url="https://api.mistral.ai/v1")),
    ("region_elsewhere", azure(processing__region="canadacentral")),  # Toronto
    ("region_elsewhere", azure(processing__region="eastus2")),
    ("region_elsewhere", azure(processing__region="East US")),
    ("region_elsewhere", bedrock(processing__region="ca-west-1", provider__options={"aws_region_name": "ca-west-1"})),
    ("region_elsewhere", vertex(TORONTO, "northamerica-northeast2")),
    ("region_elsewhere", entry(processing__region="canadacentral")),
    ("operator_under_foreign_law", azure(operator__home="CA")),
    ("operator_under_foreign_law", azure(operator__home="CA-QC")),
    ("operator_under_foreign_law", bedrock(operator__foreign_reach=[])),
    ("operator_under_foreign_law", vertex(operator__public_body=True)),
    ("operator_under_foreign_law", vendor(provider__base_url="https://api.openai.com/v1", operator__home="CA-ON")),
    ("not_encrypted", vendor(provider__base_url="http://ia.vendeur.example/v1")),
]
FREE: list[tuple[str, Deployment]] = [
    ("bedrock_cross_region", bedrock()),
    ("bedrock_cross_region", bedrock("converse/zai.glm-4.6")),
    ("bedrock_cross_region", bedrock("deepseek.v3-v1:0")),
    ("bedrock_cross_region", bedrock("us.amazon.nova-lite-v1:0", destinations=["ca-central-1"])),
    (
        "bedrock_cross_region",
        bedrock("us.amazon.nova-lite-v1:0", destinations=["ca-central-1", "ca-west-1"], processing__subdivision=None),
    ),
    ("bedrock_cross_region", bedrock("us.amazon.nova-lite-v1:0", **AMERICAN)),
    ("bedrock_cross_region", vendor(provider__model="us.modele")),
    ("bedrock_other_region", bedrock("ca-central-1/anthropic.claude-3-haiku-20240307-v1:0")),
    ("bedrock_other_region", bedrock(provider__base_url="https://bedrock-runtime.ca-central-1.amazonaws.com")),
    ("bedrock_other_region", bedrock(ARN.format(region="ca-central-1", kind="provisioned-model"))),
    ("azure_not_regional", azure()),
    ("azure_not_regional", azure(unit="Standard")),
    ("azure_not_regional", azure(unit="GlobalStandard", **AMERICAN)),
    ("azure_not_regional", vendor(provider__base_url="https://openai.azure.com.exemple.quebec/v1")),
    ("vertex_not_regional", vertex()),
    ("vertex_not_regional", vertex(TORONTO, "northamerica-northeast2", processing__subdivision="CA-ON")),
    ("vertex_not_regional", vertex("https://aiplatform.googleapis.com/v1/projects/p/locations/global", **AMERICAN)),
    ("anthropic_no_canada", translated("anthropic/claude-sonnet-4-5", **AMERICAN)),
    ("openai_at_rest_only", vendor(provider__base_url="https://api.openai.com.exemple.quebec/v1")),
    ("openai_at_rest_only", vendor(provider__base_url="https://api.openai.com/v1", **AMERICAN)),
    (
        "openai_at_rest_only",
        vendor(provider__base_url="https://api.openai.com/v1", contract={"ref": "C", "expires": "2099-01-01"}),
    ),
    ("ovh_endpoints_in_eu", vendor(provider__base_url="https://ia.bhs.exemple.ovh/v1")),
    ("mistral_not_in_canada", entry(provider__model="mistral-small")),
    ("region_elsewhere", azure()),
    ("region_elsewhere", azure(processing__region="canadacentral", processing__subdivision="CA-ON")),
    ("region_elsewhere", azure(processing__region="Canada East")),
    ("region_elsewhere", entry(processing__region="cti-est")),  # a region of one's own
    ("region_elsewhere", azure(**AMERICAN)),
    ("operator_under_foreign_law", azure()),
    ("operator_under_foreign_law", azure(operator__home="unknown", operator__foreign_reach=["unknown"])),
    ("operator_under_foreign_law", entry()),
    ("not_encrypted", vendor(provider__base_url="http://127.0.0.1:8000/v1")),
    ("not_encrypted", vendor(provider__base_url="https://ia.vendeur.example/v1")),
    ("not_encrypted", entry(provider__base_url="http://cti.exemple.quebec/v1")),
]


def label(case: Any) -> str:
    return case if isinstance(case, str) else f"{case.provider.model} {case.provider.base_url}"[:60]


@pytest.mark.parametrize(("code", "deployment"), CAUGHT, ids=label)
def test_an_entry_that_falls_into_a_trap(code: str, deployment: Deployment) -> None:
    assert code in traps(deployment)


@pytest.mark.parametrize(("code", "deployment"), FREE, ids=label)
def test_an_entry_that_does_not(code: str, deployment: Deployment) -> None:
    assert code not in traps(deployment)


def test_every_trap_is_tried_both_ways_and_says_what_it_is() -> None:
    codes = {trap.code for trap in TRAPS}
    assert {code for code, _ in CAUGHT} == {code for code, _ in FREE} == codes
    assert all(trap.text.fr.endswith(".") and trap.text.en.endswith(".") for trap in TRAPS)


@pytest.mark.parametrize("deployment", [entry(), bedrock(), azure(), vertex()], ids=label)
def test_a_true_entry_falls_into_none(deployment: Deployment) -> None:
    assert traps(deployment) == ()


def test_check_warns_of_a_trap_where_it_stands(tmp_path: Path) -> None:
    config = Path(shutil.copytree(Path(__file__).parents[2] / "config", tmp_path / "config"))
    clean = CliRunner().invoke(main, ["check", "--config", str(config)])
    assert (clean.exit_code, clean.stderr) == (0, "")
    catalogue = config / "catalogue.yaml"
    text = catalogue.read_text(encoding="utf8").replace("unit: ProvisionedManaged", "unit: GlobalStandard")
    catalogue.write_text(text, encoding="utf8")
    line = 1 + next(at for at, one in enumerate(text.splitlines()) if "id: azure-canadaeast" in one)
    warned = CliRunner().invoke(main, ["check", "--config", str(config)])
    assert warned.exit_code == 0
    assert f"catalogue.yaml:{line}:9: avertissement" in warned.stderr
    assert "[azure_not_regional]" in warned.stderr


# ── tiers and facts ───────────────────────────────────────────────────────────────────────────────────────────────

HOMES = ["CA-QC", "CA-ON", "CA", "US", "FR", "unknown"]
PLACES = [("CA", "CA-QC"), ("CA", "CA-ON"), ("CA", None), ("US", None), ("US", "US-VA"), ("unknown", None)]
PLACES += [("unknown", "CA-QC")]
ROUTINGS = ["regional", "geographic", "global", "unknown"]
GUARANTEES = ["direct-control", "contractual", "documented", "none", "unknown"]


def placed(home: str, public: bool, place: tuple[str, str | None], routing: str, guarantee: str) -> Deployment:
    country, subdivision = place
    return entry(
        operator__home=home,
        operator__public_body=public,
        processing__country=country,
        processing__subdivision=subdivision,
        processing__routing=routing,
        processing__guarantee=guarantee,
    )


@pytest.mark.parametrize(
    ("home", "public", "place", "expected"),
    [
        ("CA-QC", True, ("CA", "CA-QC"), 1),
        ("CA-QC", False, ("CA", "CA-QC"), 2),
        ("CA", True, ("CA", "CA-QC"), 3),  # a federal body is not the State
        ("CA-ON", False, ("CA", "CA-QC"), 3),
        ("CA-QC", True, ("CA", "CA-ON"), 4),
        ("CA-QC", False, ("CA", None), 4),
        ("CA", False, ("CA", "CA-BC"), 4),
        ("US", False, ("CA", "CA-QC"), 5),
        ("unknown", True, ("CA", "CA-QC"), 5),
        ("US", False, ("CA", "CA-ON"), 6),
        ("FR", False, ("CA", None), 6),
        ("CA-QC", True, ("US", None), 7),
        ("CA-QC", True, ("unknown", "CA-QC"), 7),
        ("US", False, ("US", "US-VA"), 7),
    ],
)
def test_the_tiers(home: str, public: bool, place: tuple[str, str | None], expected: int) -> None:
    assert expected in TIERS
    assert tier(placed(home, public, place, "regional", "contractual")) == expected


@pytest.mark.parametrize("routing", ROUTINGS)
@pytest.mark.parametrize("guarantee", GUARANTEES)
def test_a_place_that_is_not_guaranteed_is_of_the_last_tier(routing: str, guarantee: str) -> None:
    guaranteed = routing == "regional" and guarantee in ("direct-control", "contractual", "documented")
    assert tier(placed("CA-QC", True, ("CA", "CA-QC"), routing, guarantee)) == (1 if guaranteed else 7)


@given(
    st.sampled_from(HOMES),
    st.booleans(),
    st.sampled_from(PLACES),
    st.sampled_from(ROUTINGS),
    st.sampled_from(GUARANTEES),
)
def test_what_becomes_unknown_never_improves_a_tier(
    home: str, public: bool, place: tuple[str, str | None], routing: str, guarantee: str
) -> None:
    known = tier(placed(home, public, place, routing, guarantee))
    for less in (
        ("unknown", public, place, routing, guarantee),
        (home, public, ("unknown", place[1]), routing, guarantee),
        (home, public, (place[0], None), routing, guarantee),
        (home, public, place, "unknown", guarantee),
        (home, public, place, routing, "unknown"),
        (home, False, place, routing, guarantee),
    ):
        assert tier(placed(*less)) >= known


def facts(deployment: Deployment, today: date = TODAY, *, suspended: bool = False) -> dict[str, Any]:
    return dict(deployment_facts(deployment, REGISTER, today, suspended=suspended))


@pytest.mark.parametrize(
    ("field", "paper", "fact"),
    [
        ("contract", {"ref": "C", "expires": "2026-11-24"}, "deployment.contract_valid"),
        ("assessment", {"ref": "E", "expires": "2026-11-24"}, "deployment.assessment_valid"),
        (
            "verified",
            {"on": "2026-01-01", "by": "p", "source": "s", "expires": "2026-11-24"},
            "deployment.verified",
        ),
    ],
)
def test_a_paper_is_good_through_its_last_day(field: str, paper: dict[str, str], fact: str) -> None:
    held = entry(**{field: paper})
    assert facts(held, date(2026, 11, 24))[fact] is True
    assert facts(held, date(2026, 11, 25))[fact] is False
    assert facts(entry(**{field: None}))[fact] is False


def test_a_deployment_that_is_switched_off_is_not_verified() -> None:
    assert facts(entry(enabled=False))["deployment.verified"] is False
    assert facts(entry())["deployment.verified"] is True


def test_what_is_not_said_is_the_worst_case_in_facts() -> None:
    bare = facts(entry(processing__subdivision=None))
    assert bare["deployment.subdivision"] == "unknown"
    assert bare["deployment.weights"] == bare["deployment.training"] == "unknown"
    assert bare["deployment.retention_days"] > 10_000  # a rule that bounds it does not let it through
    assert facts(entry(retention_days=0))["deployment.retention_days"] == 0


def test_a_suspension_is_a_fact() -> None:
    assert facts(entry(), suspended=True)["deployment.suspended"] is True


# ── ranking ───────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.lists(st.tuples(st.integers(1, 7), st.integers(0, 20)), max_size=8))
def test_ranking_is_by_tier_then_preference_then_the_operators_own_order(given_: list[tuple[int, int]]) -> None:
    admitted = [
        (entry(id=f"d{index}"), {"deployment.tier": tier_}, prefer) for index, (tier_, prefer) in enumerate(given_)
    ]
    ranked = [one.id for one in rank(admitted)]  # type: ignore[arg-type]
    keys = [(given_[int(name[1:])][0], -given_[int(name[1:])][1], int(name[1:])) for name in ranked]
    assert keys == sorted(keys)
    assert sorted(ranked) == sorted(one[0].id for one in admitted)


# ── the circuit breaker ───────────────────────────────────────────────────────────────────────────────────────────


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def opened(clock: Clock) -> Breaker:
    breaker = Breaker(clock)
    for _ in range(FAILURES):
        assert breaker.allows("d")
        breaker.failed("d")
    return breaker


def test_failures_in_a_row_open_it_and_a_success_between_them_does_not(clock: Clock) -> None:
    breaker = Breaker(clock)
    for _ in range(3):
        for _ in range(FAILURES - 1):
            breaker.failed("d")
        assert breaker.allows("d")
        breaker.succeeded("d")
    assert not opened(clock).allows("d")


def test_it_opens_for_one_deployment_only(clock: Clock) -> None:
    assert opened(clock).allows("autre")


def test_when_the_time_is_over_one_probe_goes_and_others_wait_for_it(clock: Clock) -> None:
    breaker = opened(clock)
    clock.now += OPEN_S - 0.01
    assert not breaker.allows("d")
    clock.now += 0.02
    assert [breaker.allows("d") for _ in range(5)] == [True, False, False, False, False]


def test_a_probe_that_succeeds_closes_it(clock: Clock) -> None:
    breaker = opened(clock)
    clock.now += OPEN_S
    assert breaker.allows("d")
    breaker.succeeded("d")
    assert all(breaker.allows("d") for _ in range(5))
    breaker.failed("d")
    assert breaker.allows("d")  # and the count begins again


def test_a_probe_that_fails_opens_it_for_as_long_again(clock: Clock) -> None:
    breaker = opened(clock)
    clock.now += OPEN_S
    assert breaker.allows("d")
    clock.now += 5
    breaker.failed("d")
    clock.now += OPEN_S - 0.01
    assert not breaker.allows("d")
    clock.now += 0.02
    assert breaker.allows("d")


def test_a_probe_whose_end_is_never_told_shuts_nobody_out(clock: Clock) -> None:
    """Its client left, or its request was at fault and said nothing of the deployment."""
    breaker = opened(clock)
    for _ in range(3):
        clock.now += OPEN_S
        assert breaker.allows("d")
        assert not breaker.allows("d")


# ── where an answer says it was made ──────────────────────────────────────────────────────────────────────────────

HEADER = {"header": "X-MS-Region", "expected": ["Canada East", "canadacentral"]}
FIELD = {"field": "usage.inference_geo", "expected": ["us"]}


def geo(value: Any) -> dict[str, Any]:
    return {"choices": [], "usage": {"inference_geo": value}}


@pytest.mark.parametrize(
    ("deployment", "headers", "bodies", "verdict"),
    [
        (entry(), {}, [], Residency.UNATTESTED),
        (entry(), {"x-ms-region": "East US"}, [{"choices": []}], Residency.UNATTESTED),
        (azure(residency=HEADER), {}, [], Residency.UNATTESTED),
        (azure(residency=HEADER), {"x-ms-region": "Canada East"}, [], Residency.CONFIRMED),
        (azure(residency=HEADER), {"x-ms-region": "canadaeast"}, [], Residency.CONFIRMED),
        (azure(residency=HEADER), {"x-ms-region": "Canada Central"}, [], Residency.CONFIRMED),
        (azure(residency=HEADER), {"x-ms-region": "East US"}, [], Residency.CONTRADICTED),
        (azure(residency=HEADER), {"x-ms-region": ""}, [], Residency.CONTRADICTED),
        # a claim of Canada is contradicted by any other place, whatever the entry's witness
        (entry(), {}, [geo("us")], Residency.CONTRADICTED),
        (entry(), {}, [geo("global")], Residency.CONTRADICTED),
        (entry(), {}, [geo("EU")], Residency.CONTRADICTED),
        (entry(), {}, [geo("not_available")], Residency.UNATTESTED),
        (entry(), {}, [geo(None)], Residency.UNATTESTED),
        (entry(), {}, [geo(["us"])], Residency.UNATTESTED),
        (entry(), {}, [geo("ca")], Residency.UNATTESTED),
        (azure(residency=HEADER), {"x-ms-region": "Canada East"}, [geo("us")], Residency.CONTRADICTED),
        # in a stream it may come with any chunk, and stays
        (entry(), {}, [{"choices": []}, geo("us"), {"choices": []}], Residency.CONTRADICTED),
        (entry(), {}, [geo("us"), geo("ca")], Residency.CONTRADICTED),
        (azure(residency=HEADER), {"x-ms-region": "East US"}, [geo("ca")], Residency.CONTRADICTED),
        (azure(residency=HEADER), {"x-ms-region": "Canada East"}, [{}, {"usage": None}], Residency.CONFIRMED),
        # elsewhere, only what the entry expects
        (translated("anthropic/c", residency=FIELD, **AMERICAN), {}, [geo("us")], Residency.CONFIRMED),
        (translated("anthropic/c", residency=FIELD, **AMERICAN), {}, [geo("global")], Residency.CONTRADICTED),
        (translated("anthropic/c", residency=FIELD, **AMERICAN), {}, [{}, geo("us"), {}], Residency.CONFIRMED),
        (translated("anthropic/c", **AMERICAN), {}, [geo("global")], Residency.UNATTESTED),
    ],
)
def test_the_verdict(
    deployment: Deployment, headers: dict[str, str], bodies: list[dict[str, Any]], verdict: Residency
) -> None:
    attested = Attested(deployment, headers)
    for body in bodies:
        attested.look(body)
    assert attested.verdict is verdict


@given(st.recursive(st.none() | st.text() | st.integers(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_no_body_is_too_strange_to_look_at(body: Any) -> None:
    attested = Attested(entry(residency={"field": "a.b.c", "expected": ["x"]}), {})
    attested.look({"usage": body, "a": body})
    assert attested.verdict in Residency
