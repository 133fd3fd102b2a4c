"""The one thing that the way of a call and the public pages hold: it signs, keeps and recognises issued answers. *Edge*.

For a call, in this order (see `keeping` for what a crash can lose):

    issued = Issued(…, contents_of(texts))      each choice's text as it is sent, the visible sentence included
    manifest = provenance.manifest_of(issued)   for the envelope, before the answer's last bytes are made
    provenance.sealed(issued)                   for the record: keyed hashes of what is delivered
    …                                           the record is durable
    provenance.keep(issued, manifest, …)        never waits
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.audit import Entry, now_text, write_entries
from gateway.errors import Fault, Message
from gateway.storage import Store
from gateway.storage.tables import manifest_keys
from gateway.transparency.fingerprints import Fingerprinter
from gateway.transparency.keeping import Keeper, Kept
from gateway.transparency.manifests import Issued, ManifestSigner, read_manifest
from gateway.transparency.presented import Presented
from gateway.transparency.recognising import Origin, Verdict, origin_of, recognise


@dataclass(slots=True)
class Provenance:
    """Without a store (`unkept`) it signs, and keeps nothing."""

    signer: ManifestSigner
    fingerprinter: Fingerprinter
    store: Store | None = None
    keeper: Keeper | None = field(default=None, repr=False)

    @classmethod
    def open(cls, store: Store, seed: bytes, fingerprint_key: bytes, keep_days: Callable[[], int]) -> Self:
        """With the installation's two secrets, of 32 bytes each; the signing key joins the key set. Raises `Fault`."""
        signer = ManifestSigner.of(seed)
        publish(signer, store)
        fingerprinter = Fingerprinter(fingerprint_key)
        return cls(signer, fingerprinter, store, Keeper(store, fingerprinter, keep_days))

    @classmethod
    def unkept(cls, seed: bytes) -> Self:
        """For playbooks, and wherever there is no store."""
        return cls(ManifestSigner.of(seed), Fingerprinter(seed))

    # ── for a call ────────────────────────────────────────────────────────────────────────────────────────────────

    def manifest_of(self, issued: Issued) -> str:
        """The signed manifest."""
        return self.signer.manifest_of(issued)

    def sealed(self, issued: Issued) -> list[str]:
        """What the ledger may hold of the texts: a keyed hash of each."""
        return [self.fingerprinter.sealed(one.sha256) for one in issued.contents]

    def keep(self, issued: Issued, manifest: str, *, opening: str = "", public: bool = True) -> None:
        """Have the answer recognised from now on, once its record is durable. `public`: the register's `label.public`."""
        if self.keeper is not None:
            self.keeper.put(Kept(issued, manifest, opening, public))

    # ── for the pages; all read the store ─────────────────────────────────────────────────────────────────────────

    def recognise(self, text: Presented) -> Verdict:
        """Whether a text was issued here."""
        return recognise(text, self.fingerprinter, self._there())

    def origin(self, decision: str) -> Origin | None:
        """Where an answer comes from, by its reference."""
        with self._there().read() as connection:
            return origin_of(decision, connection)

    def manifest(self, decision: str) -> str | None:
        """The manifest of an answer, if it is kept."""
        return self.keeper.manifest(decision) if self.keeper is not None else None

    def read(self, manifest: str) -> dict[str, Any]:
        """What a manifest says. Raises `NotAManifest`."""
        return read_manifest(manifest, self.keys())

    def keys(self) -> list[bytes]:
        """The public keys that may have signed a manifest, the newest first."""
        chosen = select(manifest_keys.c.public).where(manifest_keys.c.revoked_at.is_(None))
        with self._there().read() as connection:
            newest_first = chosen.order_by(manifest_keys.c.created_at.desc(), manifest_keys.c.kid)
            return [bytes(one) for one in connection.execute(newest_first).scalars()]

    def _there(self) -> Store:
        if self.store is None:
            raise LookupError("nothing is kept here")
        return self.store

    # ── its life ──────────────────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Start keeping."""
        if self.keeper is not None:
            self.keeper.start()

    async def stop(self) -> None:
        """Keep what waits, within a bound, and end."""
        if self.keeper is not None:
            await asyncio.to_thread(self.keeper.stop)


def rotate(store: Store, before: bytes | None, seed: bytes, *, reason: str, compromised: bool) -> tuple[str, str]:
    """Another key is in the set, and the ledger says so: (kid that was, kid that is). `before`: the seed that was, if any.

    `compromised`: what the key before signed is no longer believed.
    """
    present, following = ManifestSigner.of(before) if before is not None else None, ManifestSigner.of(seed)
    publish(following, store)
    was, becomes = present.kid if present is not None else "", following.kid
    moment = now_text()
    record = {
        "kind": "manifest_key.rotated",
        "id": f"m-{becomes}.rotated",
        "time": moment,
        "previous": was,
        "key": becomes,
        "compromised": compromised,
        "reason": reason,
    }
    with store.write() as connection:
        write_entries(connection, [Entry.of(record)])
        if compromised:
            gone = update(manifest_keys).where(manifest_keys.c.kid == was)
            connection.execute(gone.values(revoked_at=moment))
    return was, becomes


def publish(signer: ManifestSigner, store: Store) -> None:
    """Add a key to the set, once, by whichever process comes first. Raises a `Fault` for one that is not to be trusted."""
    chosen = select(manifest_keys.c.revoked_at).where(manifest_keys.c.kid == signer.kid)
    with store.read() as connection:
        known = connection.execute(chosen).one_or_none()
    if known is not None and known.revoked_at is not None:
        raise Fault(
            Message("La clé des manifestes n'est plus à croire.", "The key of manifests is no longer to be trusted."),
            Message("Mettre la nouvelle à sa place (manifest.key).", "Put the new one in its place (manifest.key)."),
            code="manifest_key_revoked",
        )
    if known is not None:
        return
    row = {"kid": signer.kid, "public": signer.public, "created_at": now_text()}
    adding = (sqlite if store.embedded else postgresql).insert(manifest_keys).values(**row).on_conflict_do_nothing()
    with store.write() as connection:
        connection.execute(adding)
