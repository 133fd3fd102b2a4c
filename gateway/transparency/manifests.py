"""The signed manifest of an answer: a compact JWS (RFC 7515, EdDSA of RFC 8037) over RFC 8785 JSON. *Decisions*.

    {"body": "exemple", "content": ["<SHA-256>", …], "decision": "d-…", "label": "generated", "label_version": 3,
     "model": "assistant", "reviewed_by_person": false, "source_type": "http://cv.iptc.org/…", "system": "permis-assistant",
     "time": "2026-11-24T15:00:00.000Z"}

`content` has, for each choice in its order, the SHA-256 of its text as it was delivered (UTF-8, the visible sentence
included; the empty text where a choice is nothing but tool calls). Whoever has the text and the key set
(`/.well-known/jwks.json`) can check it with any JOSE library.

Signing is done with `cryptography` itself, since the header never changes: 22 µs against 29 through joserfc, for the same
bytes (a test compares them). Reading what anybody may send us is joserfc's.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwa import EdDSAAlgorithm, JWSAlgModel
from joserfc.jwk import KeySet, OKPKey

from gateway.audit import canonical
from gateway.transparency.delivered import Content
from gateway.transparency.labels import Label

TYPE = "vigie-manifest"
LONGEST = 64_000


@dataclass(frozen=True, slots=True)
class Issued:
    """An answer that is about to be delivered. `time`: RFC 3339, UTC. `approval`: as in `label_for`."""

    decision: str
    body: str
    system: str
    model: str
    time: str
    label: Label
    contents: tuple[Content, ...]
    approval: str = ""

    def payload(self) -> dict[str, Any]:
        """What is signed."""
        return {
            "body": self.body,
            "content": [one.sha256.hex() for one in self.contents],
            "decision": self.decision,
            "label": self.label.id,
            "label_version": self.label.version,
            "model": self.model,
            "reviewed_by_person": bool(self.approval),
            "source_type": self.label.source_type,
            "system": self.system,
            "time": self.time,
        }


@dataclass(frozen=True, slots=True)
class ManifestSigner:
    """The key that signs manifests. `kid`: RFC 7638 thumbprint."""

    private: Ed25519PrivateKey = field(repr=False)
    kid: str
    _start: bytes

    @classmethod
    def of(cls, seed: bytes) -> Self:
        """The signer of a 32-byte secret."""
        private = Ed25519PrivateKey.from_private_bytes(seed)
        kid = kid_of(private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
        header = canonical({"alg": "EdDSA", "kid": kid, "typ": TYPE})
        return cls(private, kid, _base64url(header) + b".")

    @property
    def public(self) -> bytes:
        """The 32 bytes of the public key."""
        return self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def manifest_of(self, issued: Issued) -> str:
        """The signed manifest of an answer."""
        signed = self._start + _base64url(canonical(issued.payload()))
        return (signed + b"." + _base64url(self.private.sign(signed))).decode("ascii")


class NotAManifest(ValueError):
    """It is no manifest, or not one that a key of the set signed."""


def read_manifest(manifest: str, keys: Sequence[bytes]) -> dict[str, Any]:
    """The payload of a manifest that one of `keys` (public, 32 bytes each) signed. Raises `NotAManifest`."""
    if len(manifest) > LONGEST or not manifest.isascii() or not keys:
        raise NotAManifest
    try:
        read = jws.deserialize_compact(manifest, KeySet([_jwk(key) for key in keys]), registry=_Registry())
        payload: Any = orjson.loads(read.payload)
        if read.headers().get("typ") != TYPE or not isinstance(payload, dict) or canonical(payload) != read.payload:
            raise NotAManifest
    except (JoseError, ValueError, TypeError, KeyError, binascii.Error):
        raise NotAManifest from None
    return payload


def key_set(keys: Sequence[bytes]) -> dict[str, Any]:
    """The JWK set (RFC 7517) of public keys, the newest first."""
    return {"keys": [dict(_jwk(key).as_dict(private=False)) for key in keys]}


def kid_of(public: bytes) -> str:
    """The RFC 7638 thumbprint of a public key."""
    return OKPKey.import_key(_members(public)).thumbprint()


def _jwk(public: bytes) -> OKPKey:
    return OKPKey.import_key({**_members(public), "kid": kid_of(public), "use": "sig", "alg": "EdDSA"})


def _members(public: bytes) -> dict[str, Any]:
    return {"kty": "OKP", "crv": "Ed25519", "x": _base64url(public).decode()}


class _OneAlgorithm(EdDSAAlgorithm):
    """The name `EdDSA` alone could mean another curve (RFC 9864): here every key says Ed25519."""

    security_warning = ""


class _Registry(jws.JWSRegistry):
    """One algorithm, whatever a header asks for."""

    algorithms: ClassVar[dict[str, JWSAlgModel]] = {"EdDSA": _OneAlgorithm()}  # type: ignore[misc]
    recommended: ClassVar[list[str]] = ["EdDSA"]  # type: ignore[misc]


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
