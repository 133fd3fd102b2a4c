"""Time stamps of checkpoints (RFC 3161): what is asked of an authority, and whether its answer holds. *Decisions*: pure.

A stamp is of the very bytes of a signed checkpoint, so it says of every record before it: this was there by then. Only the
hash of the checkpoint goes to the authority. What is kept is its answer whole, with its certificates, so that `openssl ts
-verify` reads it too, without Vigie, when both are long gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from rfc3161_client import (
    HashAlgorithm,
    TimeStampRequest,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from gateway.audit.notes import Checkpoint, Note, checkpoint_of
from gateway.audit.scanning import Wrong
from gateway.errors import Fault, Message, Refusal

CHECKPOINT, TOKEN = ".checkpoint", ".tsr"
CERTIFICATES = 0xA0
NOT_ONE = (ValueError, TypeError, OverflowError, VerificationError, x509.InvalidVersion, UnsupportedAlgorithm)
"""What an answer that is no time stamp, or of something else, or by somebody else, makes the libraries raise."""


class StampRefused(Fault):
    """The authority answered, and not with a time stamp of what it was asked for."""

    code = "timestamp_refused"
    status = 502


@dataclass(frozen=True, slots=True)
class Stamp:
    """The exact bytes of a checkpoint, and what an authority said of them (a DER `TimeStampResp`)."""

    name: str
    checkpoint: bytes
    token: bytes

    @property
    def size(self) -> int:
        """The size of the tree at that checkpoint; 0 for what is no checkpoint."""
        try:
            return self.stamped().size
        except Wrong:
            return 0

    def stamped(self) -> Checkpoint:
        """The checkpoint. Raises `Wrong`."""
        try:
            return checkpoint_of(Note.parse(self.checkpoint.decode()).text)
        except ValueError:
            raise self.wrong(
                "ce qui a été horodaté n'est pas un point de contrôle", "what was stamped is not a checkpoint"
            ) from None

    def wrong(self, fr: str, en: str) -> Wrong:
        """What is wrong with this one, by its name."""
        return Wrong(f"horodatage {self.name}\u00a0: {fr}", f"time stamp {self.name}: {en}")


def asked_for(checkpoint: bytes) -> TimeStampRequest:
    """A request for a stamp of a checkpoint: its SHA-256, a nonce, and the authority's certificates with the answer."""
    return TimestampRequestBuilder().data(checkpoint).hash_algorithm(HashAlgorithm.SHA256).build()


def received(request: TimeStampRequest, checkpoint: bytes, answer: bytes) -> Stamp:
    """The stamp of an answer that is one of what was asked. Raises `StampRefused`.

    Whether the authority is the right one is asked when somebody who knows it verifies; here its signature must be whole.
    """
    stamp = Stamp(f"{checkpoint_of(Note.parse(checkpoint.decode()).text).size:012d}", checkpoint, answer)
    try:
        response = _decoded(answer)
        if response.status != 0:
            raise _refused(f"statut {response.status}", f"status {response.status}")
        own = [x509.load_der_x509_certificate(one) for one in response.signed_data.certificates]
        if not own:
            raise _refused("sans certificat", "without a certificate")
        VerifierBuilder(roots=own, nonce=request.nonce).build().verify_message(response, checkpoint)
    except NOT_ONE:
        raise _refused("autre chose que l'horodatage demandé", "something else than the stamp asked for") from None
    return stamp


class Authority:
    """An authority as whoever verifies knows it: the certificates that may vouch for a stamp."""

    def __init__(self, pem: bytes) -> None:
        """Certificates in PEM, one or more: the root, or the whole chain. Raises a `Refusal`."""
        try:
            self._roots = x509.load_pem_x509_certificates(pem)
        except ValueError:
            raise Refusal(
                Message("Ce fichier n'est pas un certificat (PEM).", "This file is not a certificate (PEM)."),
                Message(
                    "Donner la racine de l'autorité d'horodatage, ou sa chaîne.",
                    "Give the root of the time-stamping authority, or its chain.",
                ),
                code="not_a_certificate",
                status=400,
            ) from None

    def time_of(self, stamp: Stamp) -> str:
        """When the authority stamped the checkpoint (RFC 3339, UTC). Raises `Wrong`, which says what is wrong."""
        try:
            response = _decoded(stamp.token)
        except NOT_ONE:
            raise stamp.wrong(
                "ce n'est pas une réponse d'horodatage", "this is no answer of a time-stamping authority"
            ) from None
        try:
            # What was stamped is looked at first: a token of another checkpoint is told from one of another authority.
            own = [x509.load_der_x509_certificate(one) for one in response.signed_data.certificates]
            VerifierBuilder(roots=[*own, *self._roots]).build().verify_message(response, stamp.checkpoint)
        except NOT_ONE:
            raise stamp.wrong(
                "ce n'est pas celui de ce point de contrôle, ou il a été modifié",
                "it is not of this checkpoint, or it was changed",
            ) from None
        try:
            VerifierBuilder(roots=self._roots).build().verify_message(response, stamp.checkpoint)
        except NOT_ONE:
            raise stamp.wrong(
                "il n'est pas de l'autorité dont le certificat est donné",
                "it is not by the authority whose certificate is given",
            ) from None
        return moment_text(response.tst_info.gen_time)


def moment_text(moment: datetime) -> str:
    """RFC 3339, UTC, to the second: as precise as an authority usually is."""
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def claimed_time(stamp: Stamp) -> str:
    """The time that a stamp claims, unverified; for showing what was just received."""
    return moment_text(_decoded(stamp.token).tst_info.gen_time)


def relevant(stamps: Sequence[Stamp], first: int, end: int, tree_size: int) -> list[Stamp]:
    """Those that say something of the records from `first` to `end`: within them, and the next one after."""
    known = sorted((one for one in stamps if first < one.size <= tree_size), key=lambda one: one.size)
    inside = [one for one in known if one.size <= end]
    return inside + [one for one in known if one.size > end][:1]


def _decoded(answer: bytes) -> TimeStampResponse:
    """An answer, read. Raises `ValueError`.

    DER wants the certificates in order, and authorities (OpenSSL's own `ts -reply` among them) send them as they come; the
    signature does not cover them. So an answer that does not read is read once more with its certificates sorted.
    """
    try:
        return decode_timestamp_response(answer)
    except ValueError:
        return decode_timestamp_response(_sorted(answer))


def _sorted(answer: bytes) -> bytes:
    """The same with the certificates of its SignedData in DER's order. Raises `ValueError`."""
    try:
        token = list(_inside(answer, *_content(answer, 0)))[1]  # TimeStampResp: status, token
        explicit = list(_inside(answer, *token[2:]))[1]  # ContentInfo: type, [0] content
        signed = next(_inside(answer, *explicit[2:]))  # SignedData
        for tag, _, start, end in _inside(answer, *signed[2:]):
            if tag == CERTIFICATES:
                parts = sorted(answer[at:after] for _, at, _, after in _inside(answer, start, end))
                return answer[:start] + b"".join(parts) + answer[end:]
    except (IndexError, StopIteration):
        pass
    raise ValueError("not an answer with certificates")


def _inside(der: bytes, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """(tag, start, start of content, end) of each element between two offsets. Raises `IndexError`."""
    while start < end:
        begin, after = _content(der, start)
        yield der[start], start, begin, after
        start = after


def _content(der: bytes, at: int) -> tuple[int, int]:
    length, begin = der[at + 1], at + 2
    if length & 0x80:
        begin += length & 0x7F
        length = int.from_bytes(der[at + 2 : begin], "big")
    if begin + length > len(der):
        raise IndexError(at)
    return begin, begin + length


def _refused(fr: str, en: str) -> StampRefused:
    return StampRefused(
        Message(f"L'autorité d'horodatage a répondu {fr}.", f"The time-stamping authority answered with {en}."),
        Message("Vérifier son adresse (ledger.timestamps.url).", "Check its address (ledger.timestamps.url)."),
    )
