"""The ledger: records, the tree they are hashed into, its signed checkpoints, export and verification.

`records` has the canonical bytes, `merkle` the arithmetic (RFC 6962), `notes` the C2SP formats, `appending` the one
transaction, `sessions` what it counts, `ledger` the thread that runs it for many calls at once, `export` and `verify` the
bundle. May import `storage`, `policies`, `errors`. Promises 1, 2 and 4 rest here: when `append`
returns, the record is durable.
"""

from gateway.audit.appending import Entry, append_now, write_entries
from gateway.audit.export import export
from gateway.audit.ledger import Ledger, LedgerUnavailable, Receipt
from gateway.audit.records import KINDS, canonical, now_text, time_text
from gateway.audit.sessions import NO_SESSION, Counters, read_session
from gateway.audit.signing import Signer
from gateway.audit.trust import Anchors
from gateway.audit.verify import Verdict, verify_bundle, verify_store

__all__ = [
    "KINDS",
    "NO_SESSION",
    "Anchors",
    "Counters",
    "Entry",
    "Ledger",
    "LedgerUnavailable",
    "Receipt",
    "Signer",
    "Verdict",
    "append_now",
    "canonical",
    "export",
    "now_text",
    "read_session",
    "time_text",
    "verify_bundle",
    "verify_store",
    "write_entries",
]
