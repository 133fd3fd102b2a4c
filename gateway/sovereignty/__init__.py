"""Where a model may run, and who operates it: two axes, never one flag. Decisions and data; unknown means worst case.

`places` derives tiers and facts from a catalogue entry, `traps` checks it against what is known of providers, `routing`
ranks what policy admits and keeps the circuit breakers, `residency` reads where an answer says it was made. May import
`config`, `policies`, `errors`.
"""

from gateway.sovereignty.places import Places, deployment_facts, tier
from gateway.sovereignty.residency import Residency, residency
from gateway.sovereignty.routing import Breaker, rank
from gateway.sovereignty.traps import TRAPS, traps

__all__ = ["TRAPS", "Breaker", "Places", "Residency", "deployment_facts", "rank", "residency", "tier", "traps"]
