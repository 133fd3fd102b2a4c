"""Signed checkpoints in the C2SP formats (signed-note, tlog-checkpoint), and the key that signs them.

    <origin>\\n<size>\\n<base64 root>\\n\\n— <name> <base64(4-byte key id ‖ Ed25519 signature)>\\n

The key id is the first 4 bytes of SHA-256(name ‖ "\\n" ‖ 0x01 ‖ public key); the verifier key is
`name+hex(id)+base64(0x01 ‖ public key)`. Our key's name is the ledger's origin.
"""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import select

from gateway.errors import Fault, Message
from gateway.storage import Store
from gateway.storage.tables import tree

ED25519 = b"\x01"


class SigningKeyMissing(Fault):
    """The key that signed this ledger is not there. A new one is never made in its place."""

    code = "signing_key_missing"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The signed size and root of a ledger."""

    origin: str
    size: int
    root: bytes


class Signer:
    """Holds the ledger's private key in memory."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @classmethod
    def open(cls, path: Path, store: Store) -> Self:
        """The key in `path` (32 bytes, mode 0600), made there if the ledger is empty. Raises `SigningKeyMissing`."""
        if not path.exists():
            with store.read() as connection:
                size = connection.execute(select(tree.c.size)).scalar_one()
            if size:
                raise SigningKeyMissing(
                    Message(
                        "La clé de signature du registre est introuvable.", "The ledger's signing key cannot be found."
                    ),
                    Message(f"Restaurer {path.name} depuis la sauvegarde.", f"Restore {path.name} from the backup."),
                )
            _write_once(path, os.urandom(32))
        seed = path.read_bytes()
        if len(seed) != 32:
            raise SigningKeyMissing(
                Message("La clé de signature du registre est abîmée.", "The ledger's signing key is damaged."),
                Message(f"Restaurer {path.name} depuis la sauvegarde.", f"Restore {path.name} from the backup."),
            )
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    def sign(self, origin: str, size: int, root: bytes) -> str:
        """A signed checkpoint."""
        text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
        signature = _key_id(origin, self.public) + self._private.sign(text.encode())
        return f"{text}\n— {origin} {base64.b64encode(signature).decode()}\n"

    def verifier_key(self, origin: str) -> str:
        """The verifier key, C2SP text form."""
        identity = _key_id(origin, self.public).hex()
        return f"{origin}+{identity}+{base64.b64encode(ED25519 + self.public).decode()}"


def read_checkpoint(note: str, verifier_key: str) -> Checkpoint:
    """The checkpoint of a note that `verifier_key` signed. Raises `ValueError` with the reason."""
    name, identity, encoded = verifier_key.strip().split("+", 2)
    key = base64.b64decode(encoded, validate=True)
    if key[:1] != ED25519 or len(key) != 33 or _key_id(name, key[1:]).hex() != identity:
        raise ValueError("the verifier key contradicts itself")
    text, separator, signatures = note.partition("\n\n")
    if not separator:
        raise ValueError("the checkpoint is not a signed note")
    text += "\n"
    for line in signatures.splitlines():
        if not line.startswith(f"— {name} "):
            continue
        blob = base64.b64decode(line.rsplit(" ", 1)[1], validate=True)
        if blob[:4].hex() != identity:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key[1:]).verify(blob[4:], text.encode())
        except InvalidSignature:
            raise ValueError("the checkpoint's signature is not the key's") from None
        return _parsed(text)
    raise ValueError("the checkpoint carries no signature of this key")


def _parsed(text: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) < 4 or not lines[1].isdigit():
        raise ValueError("the checkpoint is not well formed")
    root = base64.b64decode(lines[2], validate=True)
    if len(root) != 32:
        raise ValueError("the checkpoint's root is not a SHA-256")
    return Checkpoint(lines[0], int(lines[1]), root)


def _key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]


def _write_once(path: Path, content: bytes) -> None:
    """Create a file that only its owner reads, on disk before it is used; keep the one that another process made."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
