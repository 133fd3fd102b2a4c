"""Recompute every decision of a record from the record and the policy version that it names (promise 4). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.policies.decide import Remembered, decide, restored
from gateway.policies.effects import Stage
from gateway.policies.rules import Policy


def recompute(
    record: Mapping[str, Any], policies: Mapping[str, Policy], remembered: Remembered | None = None
) -> str | None:
    """The first difference between the recorded decisions and the recomputed ones, in words; None when they agree.

    A record's `facts` are those common to its `stages`; each stage adds its own. Records without stages agree.
    `remembered` saves deciding again what was decided on the same facts, in a pass over many records.
    """
    stages = record.get("stages", ())
    if not stages:
        return None
    policy = policies.get(record["policy"])
    if policy is None:
        return f"policy version {record['policy'][:12]} is not there: its decisions cannot be recomputed"
    deciding = decide if remembered is None else remembered.decide
    common = restored(record["facts"])
    for number, one in enumerate(stages):
        facts = {**common, **restored(one["facts"])}
        again = deciding(policy, Stage(one["stage"]), facts).as_json()
        if again != one["decision"]:
            return (
                f"stages[{number}] ({one['stage']}): recorded {one['decision']['effect']}, recomputed {again['effect']}"
            )
    return None
