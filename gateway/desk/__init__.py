"""The supervisors' desk: the HTTP API of halts, of held actions and of actions asked for, and a feed of what happens.

`people` says who may; `showing` what a person is shown of an action, pure; `halts`, `holds`, `actions` and `events` are the
endpoints. May import everything below; nothing but the composition root and the command line imports it.
"""

from gateway.desk import actions, events, halts, holds
from gateway.desk.people import MAY_DECIDE, MAY_HALT, may_decide

ROUTES = [*halts.ROUTES, *holds.ROUTES, *actions.ROUTES, *events.ROUTES]

__all__ = ["MAY_DECIDE", "MAY_HALT", "ROUTES", "may_decide"]
