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


@dataclass(frozen=True, slots=True)
class Anchors:
    """What a verification is given from outside, as text: a verifier key, a checkpoint kept from earlier, witnesses' keys."""

    pinned: str = ""
    expected: str = ""
    witnesses: tuple[str, ...] = ()


@dataclass(slots=True)
class Trust:
    """The state of a verification. `rotations` come in ledger order; `conclude` says whether it all holds."""

    note: str
    key: str
    anchors: Anchors
    signed: Checkpoint = field(init=False)
    earlier: Checkpoint | None = field(init=False, default=None)
    earlier_root: bytes | None = None
    matched: bool = False
    unvouched: int = 0
    cosigned: dict[str, str] = field(default_factory=dict)
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

    @property
    def apart(self) -> tuple[int, ...]:
        """The sizes at which the tree's root will be asked for."""
        return (self.signed.size, self.earlier.size) if self.earlier is not None else (self.signed.size,)

    def reached(self, size: int, root: bytes) -> None:
        """The tree has this root at one of those sizes. Raises `Wrong`."""
        if size == self.signed.size:
            if root != self.signed.root:
                raise not_signed(size)
            self.matched = True
        if self.earlier is not None and size == self.earlier.size:
            self.earlier_root = root

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
        if earlier.size and self.earlier_root is None:
            raise Wrong(
                f"ce lot ne montre pas l'arbre à {earlier.size} enregistrements\u00a0: exporter avec --against",
                f"this bundle does not show the tree at {earlier.size} records: export it with --against",
            )
        if earlier.size and self.earlier_root != earlier.root:
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
