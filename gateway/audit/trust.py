"""Whose word is taken for a ledger: its key, those before it, a checkpoint kept from earlier, witnesses. *Decisions*: pure.

A ledger's own key shows that it agrees with itself. That it was not rewritten whole takes something from outside: a key
known from elsewhere (`pinned`), or a checkpoint kept from earlier (`expected`), perhaps cosigned by a witness.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from gateway.audit.notes import ED25519, Checkpoint, Note, VerifierKey, checkpoint_of, read_checkpoint
from gateway.audit.scanning import Wrong
from gateway.audit.signing import handover_text
from gateway.audit.stamps import Authority, Stamp


@dataclass(frozen=True, slots=True)
class Anchors:
    """What a verification is given from outside, as text: a verifier key, a checkpoint kept from earlier, witnesses' keys;
    time stamps of checkpoints, and the authority that must have made them.
    """

    pinned: str = ""
    expected: str = ""
    witnesses: tuple[str, ...] = ()
    stamps: tuple[Stamp, ...] = ()
    authority: Authority | None = None


@dataclass(slots=True)
class Trust:
    """The state of a verification. `rotations` come in ledger order; `conclude` says whether it all holds."""

    note: str
    key: str
    anchors: Anchors
    signed: Checkpoint = field(init=False)
    earlier: Checkpoint | None = field(init=False, default=None)
    matched: bool = False
    unvouched: int = 0
    cosigned: dict[str, str] = field(default_factory=dict)
    stamped: dict[int, str] = field(default_factory=dict)
    _stamped: dict[int, Checkpoint] = field(default_factory=dict)
    _roots: dict[int, bytes] = field(default_factory=dict)
    _rotations: list[tuple[int, Mapping[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        try:
            self.signed = read_checkpoint(self.note, self.key)
        except ValueError as error:
            raise Wrong("le point de contrôle n'est pas signé par la clé du registre", str(error)) from None
        if self.anchors.expected:
            try:
                self.earlier = checkpoint_of(Note.parse(self.anchors.expected).text)
            except ValueError as error:
                raise Wrong("le point de contrôle gardé n'en est pas un", f"the kept checkpoint: {error}") from None
        for stamp in self.anchors.stamps:
            self._stamped[stamp.stamped().size] = stamp.stamped()

    @property
    def apart(self) -> tuple[int, ...]:
        """The sizes at which the tree's root will be asked for."""
        earlier = [self.earlier.size] if self.earlier is not None else []
        return tuple(sorted({self.signed.size, *earlier, *self._stamped}))

    def reached(self, size: int, root: bytes) -> None:
        """The tree has this root at one of those sizes. Raises `Wrong`."""
        self._roots[size] = root
        if size == self.signed.size:
            if root != self.signed.root:
                raise not_signed(size)
            self.matched = True

    def rotated(self, position: int, record: Mapping[str, Any]) -> None:
        """A record of kind `ledger.rotated`."""
        self._rotations.append((position, record))

    def conclude(self, *, whole: bool) -> None:
        """Raises `Wrong`. `whole`: the ledger was read from its first record, so no rotation was missed."""
        chain = self._chain()
        key = VerifierKey.parse(self.key)
        if whole and chain and chain[-1][1].public != key.public:
            raise Wrong("la clé n'est pas celle de la dernière rotation", "the key is not that of the last rotation")
        if self.anchors.pinned and key.public not in self._followed(chain):
            raise Wrong(
                "la clé du registre n'est pas celle qui est donnée, et celle-ci ne l'a pas désignée",
                "the ledger's key is not the one given, nor one that it named",
            )
        if self.earlier is not None:
            self._compare(self.earlier, chain)
        for text in self.anchors.witnesses:
            self._witnessed(text)
        self._check_stamps()

    def _chain(self) -> list[tuple[VerifierKey | None, VerifierKey]]:
        """(key before, key after) of each rotation; None when nobody vouched for it. Raises `Wrong`."""
        chain: list[tuple[VerifierKey | None, VerifierKey]] = []
        for position, record in self._rotations:
            try:
                after = VerifierKey.parse(record["key"])
                before = VerifierKey.parse(record["previous"]) if record["previous"] else None
                if before is not None:
                    note = Note.parse(record["note"])
                    expected = handover_text(before.name, record["key"], record["time"])
                    if note.text != expected or not note.signed_by(before):
                        raise ValueError(record["note"])
            except (ValueError, KeyError, TypeError, AttributeError):
                raise _unfounded(position) from None
            if chain and before is not None and chain[-1][1].public != before.public:
                raise _unfounded(position)
            self.unvouched += before is None
            chain.append((before, after))
        return chain

    def _followed(self, chain: Sequence[tuple[VerifierKey | None, VerifierKey]]) -> set[bytes]:
        """The public keys that the pinned one leads to."""
        try:
            pinned = VerifierKey.parse(self.anchors.pinned)
        except ValueError as error:
            raise Wrong("la clé donnée n'en est pas une", f"the key given: {error}") from None
        trusted = {pinned.public}
        for before, after in chain:
            if before is not None and before.public in trusted:
                trusted.add(after.public)
        return trusted

    def _compare(self, earlier: Checkpoint, chain: Sequence[tuple[VerifierKey | None, VerifierKey]]) -> None:
        """The kept checkpoint is signed by a key of this ledger, and is of a tree that this one begins with."""
        if earlier.size > self.signed.size:
            raise Wrong(
                f"ce registre est plus ancien que le point de contrôle gardé ({self.signed.size} < {earlier.size})",
                f"this ledger is older than the checkpoint that was kept ({self.signed.size} < {earlier.size} records)",
            )
        root = self._roots.get(earlier.size)
        if earlier.size and root is None:
            raise Wrong(
                f"ce lot ne montre pas l'arbre à {earlier.size} enregistrements\u00a0: exporter avec --against",
                f"this bundle does not show the tree at {earlier.size} records: export it with --against",
            )
        if earlier.size and root != earlier.root:
            raise Wrong(
                f"les {earlier.size} premiers enregistrements ne sont pas ceux du point de contrôle gardé",
                f"the first {earlier.size} records are not those of the checkpoint that was kept: history was rewritten",
            )
        known = [VerifierKey.parse(self.key), *(one for pair in chain for one in pair if one is not None)]
        if self.anchors.pinned:
            known.append(VerifierKey.parse(self.anchors.pinned))
        note = Note.parse(self.anchors.expected)
        try:
            if any(note.signed_by(VerifierKey(earlier.origin, ED25519, one.public)) for one in known):
                return
        except ValueError:
            pass
        raise Wrong(
            "le point de contrôle gardé n'est signé par aucune clé de ce registre",
            "the checkpoint that was kept is signed by no key of this ledger",
        )

    def _witnessed(self, text: str) -> None:
        """The newest checkpoint, or the one kept, bears this witness's cosignature."""
        try:
            witness = VerifierKey.parse(text)
            times = [Note.parse(note).cosigned_at(witness) for note in (self.note, self.anchors.expected) if note]
        except ValueError as error:
            raise Wrong("la cosignature du témoin n'est pas valable", f"the witness: {error}") from None
        latest = max((time for time in times if time is not None), default=None)
        if latest is None:
            raise Wrong(
                f"aucun point de contrôle n'est cosigné par {witness.name}",
                f"no checkpoint is cosigned by {witness.name}",
            )
        self.cosigned[witness.name] = datetime.fromtimestamp(latest, UTC).isoformat().replace("+00:00", "Z")

    def _check_stamps(self) -> None:
        """Every stamp that is there is of a tree that this one begins with and, if one is given, by the authority.

        Whose key signed the stamped checkpoint does not matter: that its tree is the beginning of this one is shown.
        """
        for stamp in self.anchors.stamps:
            checkpoint = stamp.stamped()
            if checkpoint.size > self.signed.size:
                raise stamp.wrong(
                    f"ce registre est plus ancien ({self.signed.size} < {checkpoint.size} enregistrements)",
                    f"this ledger is older ({self.signed.size} < {checkpoint.size} records)",
                )
            root = self._roots.get(checkpoint.size)
            if root is None:
                raise stamp.wrong(
                    f"ce lot ne montre pas l'arbre à {checkpoint.size} enregistrements",
                    f"this bundle does not show the tree at {checkpoint.size} records",
                )
            if root != checkpoint.root:
                raise stamp.wrong(
                    f"les {checkpoint.size} premiers enregistrements ne sont pas ceux qui ont été horodatés",
                    f"the first {checkpoint.size} records are not those that were stamped",
                )
            if self.anchors.authority is not None:
                self.stamped[checkpoint.size] = self.anchors.authority.time_of(stamp)
        if self.anchors.authority is not None and not self.stamped:
            raise Wrong("il n'y a aucun horodatage", "there is no time stamp")


def _unfounded(position: int) -> Wrong:
    return Wrong(
        f"enregistrement {position}\u00a0: la clé précédente n'a pas signé ce changement de clé",
        f"record {position}: the key before did not sign this change of key",
        position,
    )


def not_signed(size: int) -> Wrong:
    """The records are others than those that were signed."""
    return Wrong(
        f"les {size} premiers enregistrements ne sont pas ceux du point de contrôle signé",
        f"the first {size} records are not those of the signed checkpoint",
    )
