"""A contradicted deployment stays suspended: across restarts, in every process, on both stores, until a person acts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson
import pytest
from sqlalchemy import select

from gateway.audit import Ledger, Signer, verify_store
from gateway.config import Deployment, load
from gateway.sovereignty import KeptSuspensions
from gateway.storage import Store, StoreUnavailable, open_store
from gateway.storage.tables import records

DEPLOYMENT = load(Path(__file__).parents[2] / "config").catalogue.deployments[0]
OTHER = load(Path(__file__).parents[2] / "config").catalogue.deployments[1]
ORIGIN = "exemple.quebec/registre"


def verified_anew(deployment: Deployment) -> Deployment:
    assert deployment.verified is not None
    return deployment.model_copy(
        update={"verified": deployment.verified.model_copy(update={"source": "Réponse du fournisseur"})}
    )


async def test_it_survives_a_restart_and_a_new_verification_lifts_it(store: Store) -> None:
    before = KeptSuspensions(store)
    await before.refresh(0)
    assert not before.suspended(DEPLOYMENT)
    await before.suspend(DEPLOYMENT, "d-1")
    after = KeptSuspensions(store)
    await after.refresh(0)
    for process in (before, after):
        assert process.suspended(DEPLOYMENT)
        assert process.suspended(DEPLOYMENT.model_copy(update={"retention_days": 3}))
        assert not process.suspended(OTHER)
        assert not process.suspended(verified_anew(DEPLOYMENT))
    await after.suspend(verified_anew(DEPLOYMENT), "d-2")  # and it may be contradicted again
    assert after.suspended(verified_anew(DEPLOYMENT))


async def test_another_process_learns_of_it_from_the_epoch_of_its_next_record(store: Store, tmp_path: Path) -> None:
    ledger = Ledger(store, Signer.open(tmp_path / "ledger.key", store), ORIGIN)
    await ledger.start()
    one, other = KeptSuspensions(store), KeptSuspensions(store)
    await other.refresh(0)
    opened = {"kind": "call.opened", "id": "d-9", "decision": "d-9", "time": "2026-11-24T15:00:00.000Z"}
    await other.refresh((await ledger.append(opened)).epoch)
    assert not other.suspended(DEPLOYMENT)
    await one.suspend(DEPLOYMENT, "d-1")
    await other.refresh((await ledger.append(opened)).epoch)
    assert other.suspended(DEPLOYMENT)
    await ledger.stop()


async def test_many_at_once_leave_one_record_and_a_ledger_that_verifies(
    database_url: str, store: Store, tmp_path: Path
) -> None:
    signer = Signer.open(tmp_path / "ledger.key", store)
    stores = [open_store(database_url) for _ in range(3)]
    processes = [KeptSuspensions(one) for one in stores]
    await asyncio.gather(*(process.suspend(DEPLOYMENT, f"d-{at}") for at, process in enumerate(processes * 3)))
    for one in stores:
        one.close()
    ledger = Ledger(store, signer, ORIGIN)
    await ledger.start()
    await ledger.stop()
    verdict = verify_store(store, signer.verifier_key(ORIGIN))
    assert (verdict.problem, verdict.records) == ("", 1)
    with store.read() as connection:
        row = connection.execute(select(records)).one()
    record = orjson.loads(row.body)
    assert (row.kind, record["deployment"], record["reason"]) == (
        "deployment.suspended",
        DEPLOYMENT.id,
        "residency_contradicted",
    )
    assert record["decision"].startswith("d-")


async def test_a_store_that_is_out_suspends_here_all_the_same(store: Store) -> None:
    here = KeptSuspensions(store)
    with store.write() as connection:
        connection.exec_driver_sql("ALTER TABLE suspensions RENAME TO elsewhere")
    with pytest.raises(StoreUnavailable):
        await here.suspend(DEPLOYMENT, "d-1")
    assert here.suspended(DEPLOYMENT)
