"""The facts of an agent's session, of its limits and of the tools it acts with. *Data*; `facts` has them all.

Counters are those of the session before this call or action: its own is not in them. A call without a session has none,
and everything is 0.
"""

from __future__ import annotations

from gateway.policies.effects import Stage
from gateway.policies.fact import ACTION, Fact

SESSION = (Stage.ADMISSION, Stage.ACTION)

FACTS_OF_TOOLS: tuple[Fact, ...] = (
    Fact(
        "action.registered",
        "bool",
        ACTION,
        "L'outil est au registre (tools de register.yaml)",
        "The tool is in the register (tools of register.yaml)",
    ),
    Fact(
        "action.risk",
        "string",
        ACTION,
        "Risque inscrit\u00a0: low, medium, high ou critical\u00a0; critical pour un outil absent du registre",
        "Registered risk: low, medium, high or critical; critical for a tool that is not in the register",
        values=("low", "medium", "high", "critical"),
    ),
    Fact(
        "action.reversible",
        "bool",
        ACTION,
        "Ce que l'outil fait peut être défait\u00a0; faux pour un outil absent du registre",
        "What the tool does can be undone; false for a tool that is not in the register",
    ),
    Fact(
        "action.provider_side",
        "bool",
        ACTION,
        "Le fournisseur a exécuté l'outil lui-même",
        "The provider ran the tool itself",
    ),
    Fact(
        "action.approved_before",
        "int",
        ACTION,
        "Fois où une personne a approuvé exactement cette action de ce système (supervision.approved_within_days)",
        "How often a person approved exactly this action of this system (supervision.approved_within_days)",
        "approvals",
        least=0,
    ),
    Fact(
        "system.tools_listed",
        "bool",
        ACTION,
        "Le registre nomme des outils pour ce système en particulier",
        "The register names tools for this system in particular",
    ),
)

FACTS_OF_SESSIONS: tuple[Fact, ...] = (
    Fact("session.present", "bool", SESSION, "L'appel nomme sa session (x-vigie-session)", "The call names its session"),
    Fact(
        "session.calls", "int", SESSION, "Appels de la session partis avant", "Calls of the session that left before",
        "calls", least=0,
    ),
    Fact(
        "session.actions", "int", SESSION, "Actions de la session, permises ou non",
        "Actions of the session, allowed or not", "actions", least=0,
    ),
    Fact(
        "session.distinct_tools", "int", SESSION, "Outils différents de ces actions", "Different tools of those actions",
        "tools", least=0,
    ),
    Fact(
        "session.tokens", "int", SESSION, "Jetons de la session, demandes et réponses",
        "Tokens of the session, requests and answers", "tokens", least=0,
    ),
    Fact(
        "session.minutes", "int", SESSION, "Minutes entières depuis le début de la session",
        "Whole minutes since the session began", "minutes", least=0,
    ),
    Fact(
        "session.spend", "int", SESSION, "Dépense de la session, en cents entiers de la monnaie des prix",
        "Spend of the session, in whole cents of the prices' currency", "cents", least=0,
    ),
    Fact(
        "limits.steps", "int", SESSION, "Limite d'appels, et d'actions, par session\u00a0; 0\u00a0: aucune",
        "Limit of calls, and of actions, a session; 0: none", "calls, actions", least=0,
    ),
    Fact(
        "limits.minutes", "int", SESSION, "Limite de durée par session\u00a0; 0\u00a0: aucune",
        "Limit of time a session; 0: none", "minutes", least=0,
    ),
    Fact(
        "limits.tokens", "int", SESSION, "Limite de jetons par session\u00a0; 0\u00a0: aucune",
        "Limit of tokens a session; 0: none", "tokens", least=0,
    ),
    Fact(
        "limits.spend", "int", SESSION, "Limite de dépense par session, en cents\u00a0; 0\u00a0: aucune",
        "Limit of spend a session, in cents; 0: none", "cents", least=0,
    ),
)  # fmt: skip
