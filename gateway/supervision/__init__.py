"""Supervision: people stop what must stop, and decide on what waits for them.

`scopes` says what a halt covers, pure; `halts` keeps them in the store and in memory; `running` knows the calls under
way, so that a halt can cut them. `actions` is what a person approves, to the byte; `holds` the life of a held action as a
table, pure; `waiting` keeps them in the store (its rows are `keeping`'s); `watching` wakes whoever
waits; `history` answers what policy asks of the past; `notices` tells whom vigie.yaml names, and `escalating` whom it names
next. May import `audit`, `storage`, `config`, `policies`, `errors`.
Promises 7 and 8 rest here: what was approved is what runs, and a halt stops new calls, open streams and held actions, in
every process, across restarts.
"""

from gateway.storage import Seal
from gateway.supervision.actions import Action
from gateway.supervision.halts import HaltEntry, Halts
from gateway.supervision.held import Content, Held, Proposal, halted_hold
from gateway.supervision.history import History, KeptHistory, NoHistory
from gateway.supervision.holds import State
from gateway.supervision.keeping import join_key_of
from gateway.supervision.notices import Notices
from gateway.supervision.running import Running, Ticket
from gateway.supervision.scopes import Halt, Scope, Subject, halted
from gateway.supervision.waiting import Holds
from gateway.supervision.watching import Watch

__all__ = [
    "Action",
    "Content",
    "Halt",
    "HaltEntry",
    "Halts",
    "Held",
    "History",
    "Holds",
    "KeptHistory",
    "NoHistory",
    "Notices",
    "Proposal",
    "Running",
    "Scope",
    "Seal",
    "State",
    "Subject",
    "Ticket",
    "Watch",
    "halted",
    "halted_hold",
    "join_key_of",
]
