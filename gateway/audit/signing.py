"""The key that signs the ledger, on disk and in memory, and how another takes its place. *Edge*.

`ledger.key` holds 32 bytes that only their owner reads. What is promised: a key is made for an empty ledger only; a key
that did not sign the newest checkpoint never signs the next; so a lost, damaged or foreign key stops the gateway instead
of forking the history.

A rotation makes the next key on disk (`ledger.key.next`), then, in one transaction, appends `ledger.rotated` (the next key,
in a note signed by the present one) and signs a checkpoint with both; then renames. Whatever moment it is cut at, the
newest checkpoint says which of the two files is the key, and `Signer.open` goes by that. A gateway that runs meanwhile
sees at its next checkpoint that another key has signed, and reads the file again.
"""

from __future__ import annotations

import base64
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Connection, insert, select, update

from gateway.audit.appending import Entry, write_entries
from gateway.audit.merkle import Frontier
from gateway.audit.notes import COSIGNATURE, ED25519, Note, VerifierKey, key_id, signature_line
from gateway.audit.records import now_text
from gateway.errors import Fault, Message, Refusal
from gateway.storage import Store
from gateway.storage.tables import checkpoint, tree

HANDOVER = "vigie ledger key rotation v1"


class SigningKeyMissing(Fault):
    """The key that signed this ledger is not there. A new one is never made in its place."""

    code = "signing_key_missing"


@dataclass(frozen=True, slots=True)
class Signer:
    """Holds the ledger's private key in memory. `path` is where it was read, if it was."""

    private: Ed25519PrivateKey = field(repr=False)
    path: Path | None = None

    @property
    def public(self) -> bytes:
        """The 32 bytes of the public key."""
        return self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @classmethod
    def open(cls, path: Path, store: Store) -> Self:
        """The key in `path` (32 bytes, mode 0600), made there if the ledger is empty. Raises `SigningKeyMissing`."""
        with store.read() as connection:
            size = connection.execute(select(tree.c.size)).scalar_one()
            note = connection.execute(select(checkpoint.c.note)).scalar_one_or_none()
        if note is not None:
            _finish_rotation(path, note)
        if not path.exists():
            if size:
                raise _missing("est introuvable", "cannot be found", path)
            write_once(path, os.urandom(32))
        signer = cls.read(path)
        if note is not None and not signer.signed(note):
            raise _missing("n'a pas signé son dernier point de contrôle", "did not sign its newest checkpoint", path)
        return signer

    @classmethod
    def read(cls, path: Path) -> Self:
        """The key of a file, whatever it signed. Raises `SigningKeyMissing`."""
        seed = path.read_bytes()
        if len(seed) != 32:
            raise _missing("est abîmée", "is damaged", path)
        return cls(Ed25519PrivateKey.from_private_bytes(seed), path)

    def sign(self, origin: str, size: int, root: bytes) -> str:
        """A signed checkpoint."""
        return self.signed_note(origin, f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n")

    def signed_note(self, name: str, text: str) -> str:
        """`text`, which ends a line, as a signed note."""
        return f"{text}\n{self.signature(name, text)}"

    def signature(self, name: str, text: str) -> str:
        """The signature line of `text`."""
        return signature_line(name, key_id(name, self.public), self.private.sign(text.encode()))

    def verifier_key(self, origin: str) -> str:
        """The verifier key, C2SP text form."""
        return str(VerifierKey(origin, ED25519, self.public))

    def signed(self, note: str) -> bool:
        """Whether this is the key that signed the checkpoint, under whatever name.

        The first signature tells: at a rotation the key before signs as well, in second place, and never again.
        """
        try:
            parsed = Note.parse(note)
            name, _, _ = parsed.signatures[0]
            return parsed.signatures[0][1] == key_id(name, self.public) and parsed.signed_by(
                VerifierKey(name, ED25519, self.public)
            )
        except ValueError:
            return False


def sign_now(connection: Connection, signer: Signer, origin: str) -> None:
    """Sign a checkpoint of the tree as it is, unless the newest is already of that size and origin.

    Raises `SigningKeyMissing` when another key signed the newest: this one was replaced.
    """
    row = connection.execute(select(tree.c.size, tree.c.frontier).with_for_update()).one()
    known = connection.execute(select(checkpoint.c.size, checkpoint.c.note)).one_or_none()
    if known is not None and not signer.signed(known.note):
        raise _missing("n'a pas signé son dernier point de contrôle", "did not sign its newest checkpoint", signer.path)
    if known is None or known.size != row.size or not known.note.startswith(f"{origin}\n"):
        keep_checkpoint(connection, row.size, signer.sign(origin, row.size, Frontier(row.size, row.frontier).root()))


def keep_checkpoint(connection: Connection, size: int, note: str) -> None:
    """Make `note` the newest checkpoint."""
    if connection.execute(update(checkpoint).values(size=size, note=note)).rowcount == 0:
        connection.execute(insert(checkpoint).values(id=1, size=size, note=note))


def rotate(store: Store, path: Path, origin: str, *, reason: str, lost: bool = False) -> tuple[str, str]:
    """Another key signs from now on: (verifier key that was, verifier key that is). Raises `SigningKeyMissing`.

    `lost`: the present key is gone, so nobody can vouch for the next one; that is recorded, and verification says so.
    """
    present = None if lost else Signer.open(path, store)
    with _alone(path):
        _next_of(path).unlink(missing_ok=True)
        write_once(_next_of(path), os.urandom(32))
        another = Signer.read(_next_of(path))
        was = present.verifier_key(origin) if present is not None else ""
        becomes = another.verifier_key(origin)
        with store.write() as connection:
            connection.execute(select(tree.c.size).with_for_update()).one()
            write_entries(connection, [_rotated(present, origin, becomes, reason)])
            row = connection.execute(select(tree.c.size, tree.c.frontier)).one()
            note = another.sign(origin, row.size, Frontier(row.size, row.frontier).root())
            if present is not None:
                note += present.signature(origin, Note.parse(note).text)
            keep_checkpoint(connection, row.size, note)
        _take_place(path)
    return was, becomes


def _rotated(present: Signer | None, origin: str, key: str, reason: str) -> Entry:
    moment = now_text()
    return Entry.of(
        {
            "kind": "ledger.rotated",
            "id": f"l-{VerifierKey.parse(key).id.hex()}.rotated",
            "time": moment,
            "previous": present.verifier_key(origin) if present is not None else "",
            "key": key,
            "note": present.signed_note(origin, handover_text(origin, key, moment)) if present is not None else "",
            "reason": reason,
        }
    )


def add_cosignature(store: Store, cosigned: str, witness: str) -> int:
    """Add a witness's signature lines to the newest checkpoint: when it cosigned, in seconds since 1970.

    They stay until the next checkpoint. Raises a `Refusal` when they are not of it, or not the witness's.
    """
    try:
        key, note = VerifierKey.parse(witness), Note.parse(cosigned)
        moment = note.cosigned_at(key)
        if moment is None or key.algorithm != COSIGNATURE:
            raise ValueError(witness)
    except ValueError:
        raise Refusal(
            Message("Ce témoin n'a pas cosigné ce point de contrôle.", "This witness did not cosign this checkpoint."),
            code="not_cosigned",
        ) from None
    with store.write() as connection:
        connection.execute(select(tree.c.size).with_for_update()).one()
        newest = connection.execute(select(checkpoint.c.size, checkpoint.c.note)).one()
        if Note.parse(newest.note).text != note.text:
            raise Refusal(
                Message("Ce point de contrôle n'est pas le plus récent.", "This checkpoint is not the newest."),
                Message(
                    "Le garder\u00a0: «\u00a0vigie audit verify --expect\u00a0» s'en sert.",
                    "Keep it: 'vigie audit verify --expect' uses it.",
                ),
                code="checkpoint_moved_on",
                status=409,
            )
        lines = [signature_line(*one) for one in note.signatures if one[:2] == (key.name, key.id)]
        added = [line for line in lines if line not in newest.note]
        keep_checkpoint(connection, newest.size, newest.note + "".join(added))
    return moment


def handover_text(origin: str, key: str, moment: str) -> str:
    """What a key signs to name its successor: never a checkpoint, whose second line is a number."""
    return f"{HANDOVER}\n{origin}\n{key}\n{moment}\n"


def write_once(path: Path, content: bytes) -> None:
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
    _settle(path.parent)


def _next_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.next")


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process at a time moves the key's files."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.with_name(f"{path.name}.lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _finish_rotation(path: Path, note: str) -> None:
    """A rotation may have been cut between its transaction and its last step: `note` tells."""
    if _next_of(path).exists():
        with _alone(path):
            if _next_of(path).exists() and Signer.read(_next_of(path)).signed(note):
                _take_place(path)


def _take_place(path: Path) -> None:
    """The next key becomes the key; the present one stays beside it, for its owner to destroy. Asks for `_alone`."""
    if path.exists():
        retired = sum(1 for _ in path.parent.glob(f"{path.name}.retired-*"))
        path.rename(path.with_name(f"{path.name}.retired-{retired + 1}"))
    _next_of(path).rename(path)
    _settle(path.parent)


def _settle(directory: Path) -> None:
    """A new name in a directory is on disk once the directory is."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _missing(fr: str, en: str, path: Path | None) -> SigningKeyMissing:
    name = path.name if path is not None else "ledger.key"
    return SigningKeyMissing(
        Message(f"La clé de signature du registre {fr}.", f"The ledger's signing key {en}."),
        Message(f"Restaurer {name} depuis la sauvegarde.", f"Restore {name} from the backup."),
    )
