"""The C2SP formats of a signed ledger (signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof). *Data*: pure.

    <origin>\\n<size>\\n<base64 root>\\n\\n— <name> <base64(4-byte key id ‖ signature)>\\n

The key id is the first 4 bytes of SHA-256(name ‖ "\\n" ‖ algorithm ‖ public key); the verifier key is
`name+hex(id)+base64(algorithm ‖ public key)`. Our key's name is the ledger's origin; its algorithm is 0x01, a witness's is
0x04. Reading is strict: whatever can be written in two ways is refused, so that no changed byte goes unseen.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ED25519 = b"\x01"
COSIGNATURE = b"\x04"
LONGEST_NOTE = 1_000_000
PROOF = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The signed size and root of a ledger."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """Whose signatures are looked for: `id` is what a signature line begins with."""

    name: str
    algorithm: bytes
    public: bytes

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """From its C2SP text form. Raises `ValueError` with the reason."""
        name, _, rest = text.strip().partition("+")
        identity, _, encoded = rest.partition("+")
        key = decoded(encoded)
        one = cls(name, key[:1], key[1:])
        if key[:1] not in (ED25519, COSIGNATURE) or len(key) != 33 or one.id.hex() != identity or not is_name(name):
            raise ValueError("the verifier key contradicts itself")
        return one

    @property
    def id(self) -> bytes:
        """The four bytes that name the key beside its name."""
        return key_id(self.name, self.public, self.algorithm)

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(self.algorithm + self.public).decode()}"


@dataclass(frozen=True, slots=True)
class Note:
    """A note taken apart: the signed text with its last line end, and (name, key id, signature) of each line."""

    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]

    @classmethod
    def parse(cls, note: str) -> Note:
        """Raises `ValueError` unless every line is one of a signed note."""
        text, separator, lines = note.rpartition("\n\n")
        if not separator or not lines.endswith("\n") or len(note) > LONGEST_NOTE:
            raise ValueError("the checkpoint is not a signed note")
        if any(ord(character) < 32 and character != "\n" for character in note):
            raise ValueError("the checkpoint is not a signed note")
        return cls(f"{text}\n", tuple(_signature(line) for line in lines[:-1].split("\n")))

    def signed_by(self, key: VerifierKey) -> bool:
        """Whether `key` signed it. Raises `ValueError` when a line says so and its signature is not the key's."""
        found = False
        for name, identity, signature in self.signatures:
            if (name, identity) == (key.name, key.id):
                _check(key, signature, self.text)
                found = True
        return found

    def cosigned_at(self, witness: VerifierKey) -> int | None:
        """When `witness` last cosigned it, in seconds since 1970; None if it did not. Raises `ValueError` as above."""
        times = []
        for name, identity, signature in self.signatures:
            if (name, identity) == (witness.name, witness.id):
                if len(signature) != 8 + 64:
                    raise ValueError("the witness's signature is not a cosignature")
                (moment,) = struct.unpack(">Q", signature[:8])
                _check(witness, signature[8:], f"cosignature/v1\ntime {moment}\n{self.text}")
                times.append(moment)
        return max(times, default=None)


def read_checkpoint(note: str, verifier_key: str) -> Checkpoint:
    """The checkpoint of a note that `verifier_key` signed. Raises `ValueError` with the reason."""
    key, parsed = VerifierKey.parse(verifier_key), Note.parse(note)
    if key.algorithm != ED25519:
        raise ValueError("the verifier key is a witness's, not a ledger's")
    if not parsed.signed_by(key):
        raise ValueError("the checkpoint carries no signature of this key")
    return checkpoint_of(parsed.text)


def checkpoint_of(text: str) -> Checkpoint:
    """The checkpoint that a note's text is. Says nothing of who signed it. Raises `ValueError`."""
    lines = text.split("\n")
    if len(lines) < 4 or not lines[0] or not (lines[1].isascii() and lines[1].isdigit()) or "" in lines[:-1]:
        raise ValueError("the checkpoint is not well formed")
    root = decoded(lines[2])
    if len(root) != 32 or lines[1] != str(int(lines[1])):
        raise ValueError("the checkpoint is not well formed")
    return Checkpoint(lines[0], int(lines[1]), root)


def signature_line(name: str, identity: bytes, signature: bytes) -> str:
    """A signature as a note carries it, with its line end."""
    return f"— {name} {base64.b64encode(identity + signature).decode()}\n"


def tlog_proof(index: int, path: Sequence[bytes], note: str) -> str:
    """C2SP tlog-proof: that the entry at `index` is in the tree of the checkpoint `note`."""
    hashes = "".join(f"{base64.b64encode(one).decode()}\n" for one in path)
    return f"{PROOF}\nindex {index}\n{hashes}\n{note}"


def key_id(name: str, public: bytes, algorithm: bytes = ED25519) -> bytes:
    """The first four bytes of SHA-256(name ‖ line end ‖ algorithm ‖ key)."""
    return hashlib.sha256(name.encode() + b"\n" + algorithm + public).digest()[:4]


def is_name(name: str) -> bool:
    """Whether a key may be called so: neither empty, nor with a space or a plus."""
    return bool(name) and "+" not in name and not any(character.isspace() for character in name)


def decoded(encoded: str) -> bytes:
    """Base64, of which one form only is taken: the unused bits of the last character must be zero."""
    try:
        value = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("the base64 is not well formed") from None
    if base64.b64encode(value).decode() != encoded:
        raise ValueError("the base64 is not well formed")
    return value


def _signature(line: str) -> tuple[str, bytes, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    blob = decoded(encoded)
    if dash != "—" or not is_name(name) or len(blob) < 5:
        raise ValueError("the checkpoint carries a line that is not a signature")
    return name, blob[:4], blob[4:]


def _check(key: VerifierKey, signature: bytes, text: str) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, text.encode())
    except InvalidSignature:
        raise ValueError("the checkpoint's signature is not the key's") from None
