"""`kill -9` the gateway at every moment in the life of held actions, and hold its promises against what both ends saw.

Clients ask for what a person must approve, by model calls whole and streamed and by `/v1/actions`, and ask again when the
gateway dies; supervisors approve, edit, refuse or let time pass; the gateway is killed while actions wait, as a verdict
arrives, between approval and release, as an answer is written, at an expiry, while it starts. Then, of one store: no action
went without its recorded approvals (`held_book`), none twice, nothing acknowledged was lost, every client ended.

    python -m tests.chaos.held --kills 1000 --seed 1
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import orjson
from sqlalchemy import select

from gateway.cli.places import open_keys
from gateway.house import key_file, requesters_of
from gateway.storage import open_store
from gateway.storage.tables import holds, records
from tests.chaos.held_book import Book, sizes
from tests.chaos.held_ends import POLICY, SUPERVISORS, World, client, provider, supervisor
from tests.chaos.starter import Starter
from tests.gateway_process import create_key, example_config, verify_live

CLIENTS = 10
ENDS_WITHIN_S = 120
VERIFIED_EVERY = 50
AS_LEFT = 0.25
"""How often the store is read as a death left it; otherwise while the next life, which has mended it, goes on."""

STAYS_S = 6.5
MOMENTS: dict[str, tuple[float, float]] = {
    "starting": (2, 0.0),
    "any": (1, 1.0),
    "proposed": (2, 0.06),
    "queued": (2, 0.3),
    "approving": (4, 0.04),
    "approved": (3, 0.03),
    "refusing": (1, 0.04),
    "answered": (2, 0.03),
    "expiring": (2, 0.9),
    "staying": (0.2, 3.0),
}
"""What the killer waits for: how often (a weight), and within how long after it death strikes, in seconds. "staying" is a
life that lasts until what its clients left behind is cancelled.
"""


@dataclass(frozen=True)
class Report:
    """The counts of a run. `wrong` lists promises broken, and is empty when none was."""

    kills: int
    proposed: int
    counts: Counter[str]
    ends: Counter[str]
    moments: Counter[str]
    left: Counter[str]
    acknowledged: int
    received: int
    rejoined: int
    wrong: tuple[str, ...]


class Run:
    """One store, its lives, and the book that is kept of them."""

    def __init__(self, directory: Path, config: Path, starter: Starter, world: World) -> None:
        self._config, self._data, self._starter, self._world = config, directory / "data", starter, world
        pepper = key_file(self._data / "identity.key")
        self.book = Book({person: requesters_of(person, pepper) for person in SUPERVISORS})
        self._read = -1
        self.moments, self.left = Counter[str](), Counter[str]()
        self._start_s = 0.5

    async def killed(self, chance: random.Random) -> None:
        """One life, from its start to its death."""
        begun = time.monotonic()
        pid = await self._starter.start()
        weights = [weight for weight, _ in MOMENTS.values()]
        (moment,) = chance.choices(list(MOMENTS), weights)
        if moment == "starting":
            await asyncio.sleep(chance.uniform(0, 1.3) * self._start_s)
        else:
            await self.until_ready()
            self._start_s = 0.8 * self._start_s + 0.2 * (time.monotonic() - begun)
            await asyncio.to_thread(self.look)
            if moment == "staying":
                await asyncio.sleep(STAYS_S)
            elif moment != "any" and not await self._world.next(moment, within_s=4):
                moment = "any"
            await asyncio.sleep(chance.uniform(0, MOMENTS[moment][1]))
        os.kill(pid, signal.SIGKILL)
        if (status := await self._starter.wait()) != -signal.SIGKILL:
            self.book.wrong.append(f"the gateway ended by itself: {status}")
        self.moments[moment] += 1

    async def until_ready(self) -> None:
        """Until this life answers."""
        async with asyncio.timeout(60), aiohttp.ClientSession() as session:
            while True:
                try:
                    async with session.get(f"{self._starter.url}/readyz") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.02)

    def look(self, *, as_left: bool = False) -> None:
        """Read what is new in the ledger, and hold what was seen against it."""
        queued, upto = set(self._world.seen.queued), sizes(self._world.seen)
        store = open_store(f"sqlite:///{self._data / 'vigie.db'}")
        with store.read() as connection:
            query = select(records.c.seq, records.c.body).where(records.c.seq > self._read).order_by(records.c.seq)
            for seq, body in connection.execute(query):
                self.book.take(orjson.loads(body))
                self._read = seq
            states = {row.id: row.state for row in connection.execute(select(holds.c.id, holds.c.state))}
        store.close()
        self.book.states(states)
        self.book.account(self._world.seen, upto)
        self.book.lost(queued)
        if as_left:
            live = set(states.values()) & {"waiting", "approved"}
            self.left.update(live or ["nothing"])

    def verify(self) -> None:
        """As `vigie audit verify` does."""
        if problem := verify_live(self._config, self._data):
            self.book.wrong.append(problem)

    def log(self) -> None:
        """Nothing that no code foresaw was said."""
        text = (self._data.parent / "gateway.log").read_text(encoding="utf8")
        self.book.wrong += [f"gateway.log says {one}" for one in ("Traceback", '"level":"error"') if one in text]


async def run(kills: int, seed: int, directory: Path, *, say: bool = True) -> Report:
    """`kills` lives on one store, then one in which everybody ends. When death strikes within a moment is up to the machine."""
    chance, started = random.Random(seed), time.monotonic()
    world = World(seed)
    runner, port = await provider(world)
    config, data = example_config(directory / "config", provider_port=port), directory / "data"
    (config / "policies" / "actions.yaml").write_text(POLICY, encoding="utf8")
    key = create_key(config, data, "permis-assistant")
    world.keys = {person: person_key(config, data, person) for person in SUPERVISORS}
    starter = await Starter.open(config, data)
    world.url = starter.url
    whole = Run(directory, config, starter, world)
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            clients = [asyncio.create_task(client(session, world, key, number)) for number in range(CLIENTS)]
            people = [asyncio.create_task(supervisor(session, world, person)) for person in SUPERVISORS]
            for number in range(1, kills + 1):
                await whole.killed(chance)
                if chance.random() < AS_LEFT:
                    await asyncio.to_thread(whole.look, as_left=True)
                if number % VERIFIED_EVERY == 0:
                    await asyncio.to_thread(whole.verify)
                if say and (number % 20 == 0 or number == kills):
                    print(progress(number, kills, whole, started), flush=True)
            await end(whole, starter, world, clients, people)
    finally:
        await starter.close()
        await runner.cleanup()
    counts = whole.book.counts()
    return Report(
        kills, world.proposed, counts, world.ends, whole.moments, whole.left, len(world.seen.acknowledged),
        len(world.seen.received), whole.book.rejoined, tuple(whole.book.wrong),
    )  # fmt: skip


async def end(
    whole: Run, starter: Starter, world: World, clients: list[asyncio.Task[None]], people: list[asyncio.Task[None]]
) -> None:
    """A last life, in which everything ends."""
    pid = await starter.start()
    await whole.until_ready()
    world.stopping = True
    _, hanging = await asyncio.wait(clients, timeout=ENDS_WITHIN_S)
    for task in (*people, *hanging):
        task.cancel()
    world.ends["hung"] += len(hanging)
    results = await asyncio.gather(*clients, *people, return_exceptions=True)
    failed = [one for one in results if isinstance(one, Exception)]
    whole.book.wrong += [f"a client or a supervisor failed: {one!r}" for one in failed]
    os.kill(pid, signal.SIGTERM)
    if (status := await starter.wait()) not in (0, -signal.SIGTERM):
        whole.book.wrong.append(f"the last life ended badly: {status}")
    await asyncio.to_thread(whole.look)
    await asyncio.to_thread(whole.verify)
    whole.log()
    if world.ends["hung"]:
        whole.book.wrong.append(f"{world.ends['hung']} requests hung")


def person_key(config: Path, data: Path, person: str) -> str:
    """A key of a person, as `vigie key create --person` makes it."""
    with open_keys(config, data) as keys:
        token: str = keys.create(person=person).token
    return token


def progress(number: int, kills: int, whole: Run, started: float) -> str:
    """A line while it runs."""
    counts = whole.book.counts()
    said = ", ".join(
        f"{counts[one]} {one}" for one in ("released", "unseen", "denied", "expired", "waiting", "approved")
    )
    return f"{number}/{kills} kills: {said}; {len(whole.book.wrong)} broken, {time.monotonic() - started:.0f} s"


def said(report: Report) -> str:
    """The counts, for a person."""
    counts = report.counts
    held = sum(counts[one] for one in ("waiting", "approved", "released", "denied", "expired", "cancelled"))
    return (
        f"{report.kills} kills: {report.proposed} actions proposed by the model, {held} held, "
        f"{counts['approved by people']} approved, {counts['released']} released ({report.received} received, "
        f"{counts['unseen']} used up unseen), {counts['denied']} refused, {counts['expired']} expired, "
        f"{counts['cancelled']} cancelled, {counts['waiting'] + counts['approved']} still there; "
        f"{report.rejoined} answers rejoined, {report.acknowledged} verdicts acknowledged; "
        f"{len(report.wrong)} promises broken\n"
        f"  killed at: {dict(report.moments.most_common())}\n  left in the store: {dict(report.left.most_common())}\n"
        f"  requests and verdicts ended: {dict(report.ends.most_common())}"
    )


def main() -> int:
    """Prints the counts; exit 1 if a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="vigie-held-") as directory:
        report = asyncio.run(run(options.kills, options.seed, Path(directory)))
    print(f"{said(report)}\n  {time.monotonic() - started:.0f} s")
    for line in report.wrong[:20]:
        print(f"  {line}")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
