"""The supervisors' desk: the HTTP API of halts, of held actions, of actions asked for and of reports, a feed of what
happens, and the content that was kept of calls.

`people` says who may; `showing` what a person is shown of an action, pure; `halts`, `holds`, `actions`, `events`, `content`
and `reports` are the endpoints. May import everything below; nothing but the composition root and the command line imports
it.
"""

from gateway.desk import actions, content, events, halts, holds, reports
from gateway.desk.people import MAY_DECIDE, MAY_HALT, may_decide, may_read

ROUTES = [*halts.ROUTES, *holds.ROUTES, *actions.ROUTES, *events.ROUTES, *content.ROUTES, *reports.ROUTES]

__all__ = ["MAY_DECIDE", "MAY_HALT", "ROUTES", "may_decide", "may_read"]
