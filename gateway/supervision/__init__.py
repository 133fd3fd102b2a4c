"""Supervision: people stop what must stop. Halts now; held actions are to come.

`scopes` says what a halt covers, pure; `halts` keeps them in the store and in memory; `running` knows the calls under
way, so that a halt can cut them. May import `audit`, `storage`, `errors`. Promise 8 rests here: a halt stops new calls
and open streams, in every process, across restarts.
"""

from gateway.supervision.halts import HaltEntry, Halts
from gateway.supervision.running import Running, Ticket
from gateway.supervision.scopes import Halt, Scope, Subject, halted

__all__ = ["Halt", "HaltEntry", "Halts", "Running", "Scope", "Subject", "Ticket", "halted"]
