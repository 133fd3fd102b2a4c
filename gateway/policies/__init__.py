"""Policy: facts in, decisions out. Pure, and imports nothing of ours but `gateway.errors`' bilingual message.

`facts` declares what a rule may ask about; `rules` compiles and type-checks; `decide` answers; `recompute` answers again
from a record; `explain` finds what would have changed the answer, with the menu of `menu.py`. No I/O, no clock, no
randomness: time is a fact. Promises 4 and 5 are kept here.
"""

from gateway.policies.decide import Decision, Match, Remembered, decide
from gateway.policies.effects import Effect, Stage
from gateway.policies.facts import FACTS, Fact, Facts, FactValue
from gateway.policies.recompute import Again, recompute
from gateway.policies.rules import ConditionError, Derogation, Policy, Rule

__all__ = [
    "FACTS",
    "Again",
    "ConditionError",
    "Decision",
    "Derogation",
    "Effect",
    "Fact",
    "FactValue",
    "Facts",
    "Match",
    "Policy",
    "Remembered",
    "Rule",
    "Stage",
    "decide",
    "recompute",
]
