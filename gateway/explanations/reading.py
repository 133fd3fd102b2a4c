"""A decision's records and the policy they name, from the store or from an export bundle. *Edge*."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import select

from gateway.audit.bundle import Bundle, changed_policy
from gateway.audit.decisions import records_of, unknown_decision
from gateway.audit.scanning import Wrong
from gateway.errors import Fault, Message
from gateway.explanations.explained import Explanation, explain
from gateway.policies import Policy
from gateway.storage import Store
from gateway.storage.tables import policies as kept

Systems = Sequence[str] | None
REMEMBERED = 8


def explanation_of(
    store: Store, decision: str, systems: Systems = None, classifications: Sequence[str] = ()
) -> Explanation:
    """From the store; of `systems` only unless None. Raises a `Refusal`."""
    found = records_of(store, decision)
    if systems is not None and found[0].system not in systems:
        raise unknown_decision()
    records = [(one.position, orjson.loads(one.body)) for one in found]
    versions = {str(record["policy"]) for _, record in records if record.get("stages")}
    with store.read() as connection:
        rows = connection.execute(select(kept).where(kept.c.version.in_(versions))).all()
    return explain(records, {row.version: _compiled(row.source) for row in rows}, classifications)


@lru_cache(REMEMBERED)
def _compiled(source: bytes) -> Policy:
    """A policy version never changes, and compiling its conditions takes longer than explaining a decision."""
    return Policy.from_source(source)


def explanation_of_bundle(path: Path, decision: str, classifications: Sequence[str] = ()) -> Explanation:
    """From a bundle, read once from one end to the other. It is not verified here. Raises a `Refusal` or a `Fault`."""
    try:
        with Bundle(path) as bundle:
            records = [record for record in _records(bundle) if record.get("decision") == decision]
            versions = {str(one["policy"]) for one in records if one.get("stages")} & set(bundle.policies())
            policies = {name: Policy.from_source(bundle.read(f"policies/{name}.json")) for name in versions}
    except Wrong as wrong:
        raise _unreadable(wrong.message) from None
    except (tarfile.TarError, ValueError, KeyError, TypeError):
        raise _unreadable(Message("le fichier n'est pas un export", "the file is no export")) from None
    for name, policy in policies.items():
        if policy.version != name:
            raise _unreadable(changed_policy(name).message)
    if not records:
        raise unknown_decision()
    return explain([(-1, one) for one in records], policies, classifications)


def _records(bundle: Bundle) -> Iterator[dict[str, Any]]:
    """The records of calls and actions, with a cursor of their own."""
    file = bundle.needed("records.jsonl")
    left = file.size
    with bundle.path.open("rb") as lines:
        lines.seek(file.offset)
        while left > 0 and (line := lines.readline()):
            left -= len(line)
            if b'"decision"' in line:
                yield orjson.loads(line)


def _unreadable(said: Message) -> Fault:
    return Fault(
        Message(f"L'export ne peut être lu\u00a0: {said.fr}.", f"The export cannot be read: {said.en}."),
        Message("Le vérifier\u00a0: vigie audit verify FICHIER.", "Verify it: vigie audit verify FILE."),
        code="bundle_unreadable",
    )
