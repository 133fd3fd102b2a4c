"""The files of `policies/` as frozen values: rules, and the cases that test them. *Data*."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, field_validator

from gateway.config.problems import Wrong
from gateway.config.shapes import Bilingual, Duration, Id, Strict

Stage = Literal["admission", "input", "routing", "action", "output"]
Effect = Literal["allow", "prefer", "notify", "label", "pseudonymize", "mask", "hold", "deny", "exclude"]


class HoldEntry(Strict):
    """How long a held action waits, and for how many people."""

    approvals: int = Field(1, ge=1, le=5, description="people who must agree")
    expires: Duration = Field("10m", description="30s, 10m, 4h, 2d; then the action is refused")
    escalate: Duration | None = Field(
        None, description="when the first step of notices.escalation is taken, whatever its own `after`"
    )


class RuleEntry(Strict):
    """One rule, as an officer writes it."""

    id: Id
    principle: int = Field(ge=1, le=12)
    stage: Stage
    when: str
    effect: Effect
    code: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
    reason: Bilingual
    mode: Literal["enforce", "shadow"] = "enforce"
    entities: tuple[str, ...] = ()
    label: str = ""
    weight: int = Field(0, ge=0, le=100)
    hold: HoldEntry | None = Field(None, description="with the effect hold; without it, one person within ten minutes")

    @field_validator("when", mode="before")
    @classmethod
    def _yaml_truth(cls, value: Any) -> Any:
        return str(value).lower() if isinstance(value, bool) else value

    @field_validator("when")
    @classmethod
    def _not_blank(cls, value: str) -> str:
        if not value.strip():
            raise Wrong(
                "une règle exige une condition\u00a0; «\u00a0true\u00a0» vaut toujours",
                "a rule needs a condition; write 'true' for always",
            )
        return value


class PolicyFile(Strict):
    """`policies/NAME.yaml`."""

    policy: Id
    rules: tuple[RuleEntry, ...]


class Case(Strict):
    """One test of the policies: facts on top of harmless defaults, and what they must give."""

    name: str
    stage: Stage
    facts: dict[str, Any] = Field(default_factory=dict)
    expect: Expectation


class Expectation(Strict):
    """What a case expects; what is not given is not checked."""

    effect: Effect | None = None
    rules: tuple[str, ...] | None = Field(None, description="exactly the rules that match")
    matches: tuple[str, ...] = Field((), description="rules that must be among those that match")
    transforms: dict[str, str] | None = None


class CaseFile(Strict):
    """`policies/NAME.cases.yaml`."""

    cases: tuple[Case, ...]


Case.model_rebuild()
