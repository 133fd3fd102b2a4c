"""Where a model may run, and who operates it: two axes, never one flag. Decisions and data; unknown means worst case.

`places` derives tiers and facts from a catalogue entry, `traps` checks it against what is known of providers, `routing`
ranks what policy admits and keeps the circuit breakers, `residency` reads where an answer says it was made, and
`suspensions` keeps what contradicted its entry. May import `config`, `policies`, `errors`; `suspensions`, the store.
"""

from gateway.sovereignty.places import TIERS, Places, deployment_facts, tier
from gateway.sovereignty.residency import Attested, Residency, residency
from gateway.sovereignty.routing import Breaker, rank
from gateway.sovereignty.suspensions import KeptSuspensions, RememberedSuspensions, Suspensions
from gateway.sovereignty.traps import TRAPS, traps

__all__ = [
    "TIERS",
    "TRAPS",
    "Attested",
    "Breaker",
    "KeptSuspensions",
    "Places",
    "RememberedSuspensions",
    "Residency",
    "Suspensions",
    "deployment_facts",
    "rank",
    "residency",
    "tier",
    "traps",
]
