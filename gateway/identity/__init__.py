"""Who presents a key. *Edge* for the store; the check of a token is pure and in memory.

A key is `vigie_<id>_<secret>`; the store has an keyed BLAKE2b of the secret under this installation's own key, so a copy
of the store is of no use. A change (created, revoked) is recorded in the ledger in the same breath and raises the epoch,
which every later record is committed under: a gateway that reads a newer epoch reads the keys again before it goes on.
"""

from gateway.identity.keys import Created, KeyEntry, Keys, Principal, hash_user

__all__ = ["Created", "KeyEntry", "Keys", "Principal", "hash_user"]
