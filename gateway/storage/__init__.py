"""The store: tables, migrations and how to open it. *Edge*. One code path over SQLAlchemy Core.

SQLite (WAL, synchronous=FULL) when nothing is configured, PostgreSQL beyond one machine. What a store promises: when a
`write()` block ends without an exception, what it wrote survives `kill -9` and loss of power. `sealing` encrypts what is
kept so that it can be forgotten. May import `gateway.errors` only.
"""

from gateway.storage.prepared import Prepared
from gateway.storage.sealing import Seal, Unreadable
from gateway.storage.signals import Signals
from gateway.storage.store import Store, StoreUnavailable, open_store

__all__ = ["Prepared", "Seal", "Signals", "Store", "StoreUnavailable", "Unreadable", "open_store"]
