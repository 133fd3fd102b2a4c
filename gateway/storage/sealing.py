"""What the store keeps secret, and forgets: held actions, and the content of calls. *Edge* for randomness only.

Each owner (a hold, a part of a call) has a data key of its own (AES-256-GCM, 96-bit random nonces), wrapped by a key that
HKDF-SHA-256 derives from the installation's identity key for one purpose; the owner's id is associated data everywhere, so
that nothing can be moved from one owner to another. Without the wrapped key the content is lost, also to whoever has the
identity key: destroying the one destroys the other, in copies of the store too as far as they are pruned.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.errors import Fault, Message

NONCE = 12
HELD_ACTIONS = b"vigie: content of held actions, v1"


class Unreadable(Fault):
    """What was sealed was altered, or sealed under another key."""

    code = "content_unreadable"

    def __init__(self) -> None:
        super().__init__(
            Message("Ce contenu ne peut pas être déchiffré.", "This content cannot be decrypted."),
            Message(
                "Vérifier que identity.key est celle qui l'a scellé.",
                "Check that identity.key is the one that sealed it.",
            ),
        )


class Seal:
    """Seals and opens under a key derived from `identity_key` for one `purpose`, which no other purpose's opens."""

    def __init__(self, identity_key: bytes, purpose: bytes = HELD_ACTIONS) -> None:
        self._wrapping = AESGCM(HKDF(SHA256(), 32, salt=None, info=purpose).derive(identity_key))

    def new_key(self, owner: str) -> bytes:
        """A fresh data key, wrapped: what the store keeps of it."""
        return _encrypt(self._wrapping, AESGCM.generate_key(256), f"{owner}/key")

    def close(self, owner: str, wrapped: bytes, name: str, content: bytes) -> bytes:
        """Encrypt. `name`: which content of the owner. Raises `Unreadable` for a key that is not the owner's."""
        return _encrypt(self._data_key(owner, wrapped), content, f"{owner}/{name}")

    def open(self, owner: str, wrapped: bytes, name: str, sealed: bytes) -> bytes:
        """The inverse of `close`. Raises `Unreadable`."""
        return _decrypt(self._data_key(owner, wrapped), sealed, f"{owner}/{name}")

    def _data_key(self, owner: str, wrapped: bytes) -> AESGCM:
        return AESGCM(_decrypt(self._wrapping, wrapped, f"{owner}/key"))


def _encrypt(key: AESGCM, content: bytes, associated: str) -> bytes:
    nonce = secrets.token_bytes(NONCE)
    return nonce + key.encrypt(nonce, content, associated.encode())


def _decrypt(key: AESGCM, sealed: bytes, associated: str) -> bytes:
    try:
        return key.decrypt(sealed[:NONCE], sealed[NONCE:], associated.encode())
    except (InvalidTag, ValueError):
        raise Unreadable from None
