"""What a hold keeps secret, and destroys. *Edge* for randomness only.

Each hold has a data key of its own (AES-256-GCM, 96-bit random nonces), wrapped by a key that HKDF-SHA-256 derives from
the installation's identity key; the hold's id is associated data everywhere, so that nothing can be moved from one hold to
another. Destroying the wrapped key destroys the content, in copies of the store too as far as they are pruned.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.errors import Fault, Message

NONCE = 12
_INFO = b"vigie: content of held actions, v1"


class Unreadable(Fault):
    """What was sealed was altered, or sealed under another key."""

    code = "content_unreadable"

    def __init__(self) -> None:
        super().__init__(
            Message(
                "Le contenu de cette action ne peut pas être déchiffré.", "This action's content cannot be decrypted."
            ),
            Message(
                "Vérifier que identity.key est celle qui l'a scellé.",
                "Check that identity.key is the one that sealed it.",
            ),
        )


class Seal:
    """Seals and opens under a key derived from `identity_key`."""

    def __init__(self, identity_key: bytes) -> None:
        self._wrapping = AESGCM(HKDF(SHA256(), 32, salt=None, info=_INFO).derive(identity_key))

    def new_key(self, hold: str) -> bytes:
        """A fresh data key, wrapped: what the store keeps of it."""
        return _encrypt(self._wrapping, AESGCM.generate_key(256), f"{hold}/key")

    def close(self, hold: str, wrapped: bytes, name: str, content: bytes) -> bytes:
        """Encrypt. `name`: which content of the hold. Raises `Unreadable` for a key that is not the hold's."""
        return _encrypt(self._data_key(hold, wrapped), content, f"{hold}/{name}")

    def open(self, hold: str, wrapped: bytes, name: str, sealed: bytes) -> bytes:
        """The inverse of `close`. Raises `Unreadable`."""
        return _decrypt(self._data_key(hold, wrapped), sealed, f"{hold}/{name}")

    def _data_key(self, hold: str, wrapped: bytes) -> AESGCM:
        return AESGCM(_decrypt(self._wrapping, wrapped, f"{hold}/key"))


def _encrypt(key: AESGCM, content: bytes, associated: str) -> bytes:
    nonce = secrets.token_bytes(NONCE)
    return nonce + key.encrypt(nonce, content, associated.encode())


def _decrypt(key: AESGCM, sealed: bytes, associated: str) -> bytes:
    try:
        return key.decrypt(sealed[:NONCE], sealed[NONCE:], associated.encode())
    except (InvalidTag, ValueError):
        raise Unreadable from None
