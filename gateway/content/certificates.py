"""Certificates of destruction: what the ledger says of it, signed by the ledger's key. *Decisions* on records; reads the store.

A certificate is a JSON object with the statement (`certificate`: what, when, who, why, and the ledger entry that says so),
the same statement as a C2SP signed note, and the entry's very bytes with its C2SP tlog-proof. So whoever has the body's
verifier key can check, without Vigie and without the ledger, that the body said so and that its ledger holds it. It can be
made again at any time: it holds nothing but what the ledger does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from gateway.audit import Signer, canonical
from gateway.audit.decisions import proofs_of
from gateway.audit.merkle import leaf_hash
from gateway.audit.notes import Note, VerifierKey
from gateway.audit.signing import sign_now
from gateway.errors import Message, Refusal
from gateway.storage import Store

HEADING = "vigie content destruction v1"


def certificates_of(store: Store, signer: Signer, origin: str, decision: str) -> list[dict[str, Any]]:
    """One for each `content.destroyed` of a decision, oldest first. Raises a 404 `Refusal`."""
    with store.write() as connection:  # the entry may be younger than the newest checkpoint
        sign_now(connection, signer, origin)
    made = []
    for proof in proofs_of(store, decision):
        record = orjson.loads(proof.body)
        if record["kind"] == "content.destroyed":
            statement = _statement(record, proof.position, proof.body, origin)
            made.append(
                {
                    "object": "destruction_certificate",
                    "certificate": statement,
                    "note": signer.signed_note(origin, text_of(statement, origin)),
                    "key": signer.verifier_key(origin),
                    "record": proof.body.decode(),
                    "tlog_proof": proof.text,
                }
            )
    if not made:
        raise Refusal(
            Message("Aucun contenu de cette décision n'a été détruit.", "No content of this decision was destroyed."),
            Message("«\u00a0vigie content list\u00a0» montre ce qui l'est.", "'vigie content list' shows what was."),
            code="not_destroyed",
            status=404,
        )
    return made


def text_of(statement: Mapping[str, Any], origin: str) -> str:
    """What is signed: never a checkpoint, whose second line is a number."""
    return f"{HEADING}\n{origin}\n{canonical(statement).decode()}\n"


def check(certificate: Mapping[str, Any], key: str) -> str:
    """Why a certificate is not what it says, under the body's verifier key; nothing when it is.

    That the entry is in the ledger is for `docs/verifier.py proof` to check, with `record` and `tlog_proof`.
    """
    try:
        verifier, note = VerifierKey.parse(key), Note.parse(certificate["note"])
        statement, body = certificate["certificate"], certificate["record"].encode()
        entry = statement["entry"]
        if not note.signed_by(verifier):
            return "the note is not signed by this key"
        if note.text != text_of(statement, entry["origin"]) or entry["origin"] != verifier.name:
            return "the note does not say what the certificate says"
        if _statement(orjson.loads(body), entry["index"], body, entry["origin"]) != statement:
            return "the certificate does not say what the ledger's entry says"
    except (ValueError, KeyError, TypeError, AttributeError):
        return "not a certificate"
    return ""


def _statement(record: Mapping[str, Any], position: int, body: bytes, origin: str) -> dict[str, Any]:
    return {
        "decision": record["decision"],
        "system": record["system"],
        "content": record["content"],
        "asked_at": record["asked_at"],
        "destroyed_at": record["time"],
        "by": record["by"],
        "why": record["why"],
        "entry": {"origin": origin, "index": position, "record": record["id"], "leaf": leaf_hash(body).hex()},
    }
