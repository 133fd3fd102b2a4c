"""Content, when a system's entry asks for it: kept encrypted, read on record, destroyed for good.

`parts` is what is kept and for how long, pure; `keeping` writes and reads it; `keys` has the keys, in a database of their
own; `destroying` erases them on request and on schedule; `holding` has the legal holds that forbid it; `certificates` proves
it. May import `audit`, `storage`, `config`, `errors`. Promise 6 rests here: by default nothing is kept; what is kept is
encrypted under a key of its own, and once that key is erased nothing that is left, the ledger and copies of the store
included, gives the content back. A call whose content must be kept and cannot be is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.audit import Signer
from gateway.config import Register, Retention, Settings, secret
from gateway.content.certificates import certificates_of
from gateway.content.destroying import Destruction
from gateway.content.holding import LegalHold, LegalHolds
from gateway.content.keeping import ContentNotKept, Contents, NoContents
from gateway.content.keys import KeyStore, open_keys
from gateway.content.parts import Gathered, Kept, Opened, Part, days_of, is_asked
from gateway.storage import Store


@dataclass(frozen=True, slots=True)
class Archive:
    """The room's parts, as the composition root and the command line open them."""

    store: Store
    keys: KeyStore
    contents: Contents
    destruction: Destruction
    holds: LegalHolds
    ledger_key: Path
    origin: str

    def certificates(self, decision: str) -> list[dict[str, Any]]:
        """The certificates of a decision's destruction. Raises a 404 `Refusal`."""
        return certificates_of(self.store, Signer.open(self.ledger_key, self.store), self.origin, decision)

    def close(self) -> None:
        """Close the keys' database, where they have one."""
        if self.keys.store is not self.store:
            self.keys.store.close()


def open_archive(
    store: Store,
    settings: Settings,
    data: Path,
    identity_key: bytes,
    retention: Callable[[], Retention],
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Archive:
    """Over an open store. Raises `StoreUnavailable` if the keys' database cannot be opened."""
    elsewhere = settings.storage.content_keys
    keys = open_keys(store, secret(elsewhere) if elsewhere is not None else None, data)
    return Archive(
        store,
        keys,
        Contents(store, keys, identity_key, retention, clock),
        Destruction(store, keys, clock),
        LegalHolds(store, clock),
        data / "ledger.key",
        settings.ledger.origin,
    )


def days_now(register: Register, defaults: Retention) -> dict[tuple[str, Part], int]:
    """For how many days each system that keeps a part of its calls keeps it, as its entry says now."""
    return {
        (system.id, part): days_of(system, part, defaults)
        for system in register.systems
        for part in Part
        if is_asked(system, part)
    }


__all__ = [
    "Archive",
    "ContentNotKept",
    "Contents",
    "Destruction",
    "Gathered",
    "Kept",
    "KeyStore",
    "LegalHold",
    "LegalHolds",
    "NoContents",
    "Opened",
    "Part",
    "days_now",
    "is_asked",
    "open_archive",
]
