"""Verification of a large ledger: rate and memory, live and exported, with decisions recomputed and without.

    python -m bench.verify --records 1000000

A ledger of that many records is made as the gateway makes one (the example body's policy, its real decisions, canonical
records, the writer's own transactions), then verified by `vigie audit verify` in a process of its own, whose peak memory,
with that of the processes it starts, is what is reported. Times are wall-clock; the machine's load is printed beside them.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson

from gateway import situation
from gateway.audit import Signer, export
from gateway.audit.appending import Entry, write_entries
from gateway.audit.ledger import publish_policy_now
from gateway.audit.signing import sign_now
from gateway.config import Configuration, System, load
from gateway.policies import Facts, Remembered, Stage
from gateway.situation import Asked
from gateway.sovereignty import Places
from gateway.storage import open_store
from gateway.trace import Fragments, Trace
from gateway.wire import chat
from gateway.wire.calls import Limits

ROOT = Path(__file__).resolve().parent.parent
BATCH = 256
FOUND = [(), (), (), ("PERSON",), ("PERSON", "EMAIL_ADDRESS"), ("CA_SIN", "PERSON"), ("PHONE_NUMBER",)]


class Calls:
    """Calls as the gateway records them, one after the other, spread over `days`. Deterministic."""

    def __init__(self, configuration: Configuration, count: int, days: int = 30, seed: int = 1) -> None:
        self._configuration, self._chance = configuration, random.Random(seed)
        self._zone = ZoneInfo(configuration.settings.timezone)
        self._step = timedelta(days=days) / max(1, count)
        self._now = datetime(2026, 11, 1, 5, tzinfo=UTC)
        self._remembered, self._fragments, self._places = Remembered(), Fragments(), Places()
        self._used: dict[tuple[str, str], int] = {}
        self._bodies = {
            (model, stream): chat.parse(
                orjson.dumps({"model": model, "stream": stream, "messages": [{"role": "user", "content": "Bonjour"}]}),
                Limits(64, 1000),
            )
            for model in [one.id for one in configuration.catalogue.models if one.kind == "chat"]
            for stream in (False, True)
        }

    def records(self, calls: int) -> Iterator[dict[str, object]]:
        """`call.opened` and `call.closed` of each; a refused one has but the latter."""
        for number in range(calls):
            self._now += self._step
            system = self._chance.choice(self._configuration.register.systems)
            yield from self._call(f"d-{number:012x}{self._chance.getrandbits(80):020x}", system)

    def _call(self, decision: str, system: System) -> Iterator[dict[str, object]]:
        configuration, now = self._configuration, self._now
        model = self._chance.choice([name for name in system.models if (name, False) in self._bodies])
        call = self._bodies[model, self._chance.random() < 0.5]
        trace = Trace(decision, now, self._fragments)
        trace.system, trace.key, trace.session = system.id, "abcdef012345", ""
        day = now.astimezone(self._zone).date().isoformat()
        used = self._used.get((system.id, day), 0)
        asked = Asked("chat", b"", token="")
        trace.facts = situation.call_facts(call, system, configuration.register, asked, now, self._zone, used)
        trace.policy = configuration.policy.version
        found = self._chance.choice(FOUND)
        assessed = system.assessment.personal_data if system.assessment is not None else ()
        privacy = situation.privacy_facts(found, assessed)
        for stage, facts in ((Stage.ADMISSION, {}), (Stage.INPUT, privacy)):
            if self._decide(trace, stage, facts) == "deny":
                yield trace.closed(now, "refused", "denied")
                return
        for deployment in configuration.catalogue.deployments_of(call.model):
            known = self._places.facts(deployment, configuration, now.date(), suspended=False)
            self._decide(trace, Stage.ROUTING, {**privacy, **situation.routing_facts(known, (), (), (), ())})
        yield trace.opened(now)
        trace.deployment, trace.residency = "simulateur", "unattested"
        trace.attempts.append({"deployment": "simulateur", "outcome": "answered"})
        trace.usage = self._chance.randrange(20, 2000), self._chance.randrange(1, 900)
        self._used[system.id, day] = used + sum(trace.usage)
        self._decide(trace, Stage.OUTPUT, situation.output_facts((), ()))
        yield trace.closed(now + timedelta(milliseconds=self._chance.randrange(80, 9000)), "served")

    def _decide(self, trace: Trace, stage: Stage, facts: Facts) -> str:
        decision = self._remembered.decide(self._configuration.policy, stage, {**trace.facts, **facts})
        trace.decided(stage, facts, decision)
        return decision.effect.value


def make(directory: Path, count: int, *, say: bool = True) -> Path:
    """A ledger of about `count` records in `directory`, and its export; the bundle's path."""
    configuration = load(ROOT / "config")
    data = directory / "data"
    data.mkdir(mode=0o700)
    store = open_store(f"sqlite:///{data / 'vigie.db'}")
    store.upgrade()
    signer = Signer.open(data / "ledger.key", store)
    publish_policy_now(store, configuration.policy.version, configuration.policy.source)
    calls, written, batch = Calls(configuration, count), 1, list[Entry]()
    started = time.perf_counter()
    with store.write() as connection:
        for record in calls.records(count):
            batch.append(Entry.of(record))
            if len(batch) == BATCH:
                write_entries(connection, batch)
                written, batch = written + BATCH, []
                if written >= count:
                    break
        sign_now(connection, signer, configuration.settings.ledger.origin)
    made = time.perf_counter() - started
    bundle = directory / "registre.tar"
    export(store, signer, bundle)
    exported = time.perf_counter() - started - made
    store.close()
    if say:
        size = bundle.stat().st_size
        print(
            f"made {written:,} records in {made:.0f} s ({written / made:,.0f}/s, one transaction); exported in "
            f"{exported:.0f} s ({written / exported:,.0f}/s), {size / 1e6:,.0f} MB, {size // written} bytes a record"
        )
    return bundle


def measure(directory: Path, *arguments: str) -> tuple[dict[str, object], float, float, float]:
    """`vigie audit verify --json …` in a process of its own: (verdict, wall s, CPU s, peak MB of the largest process)."""
    program = (
        "import resource, sys; from gateway.cli import main\n"
        "try: main(sys.argv[1:], standalone_mode=False)\n"
        "finally:\n"
        "  both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]\n"
        "  cpu = sum(one.ru_utime + one.ru_stime for one in both)\n"
        "  print(cpu, *(one.ru_maxrss for one in both), file=sys.stderr)\n"
    )
    command = [sys.executable, "-c", program, "audit", "verify", "--json", "--config", str(ROOT / "config"), "--data"]
    started = time.perf_counter()
    done = subprocess.run(
        [*command, str(directory / "data"), *arguments], capture_output=True, text=True, check=True, cwd=ROOT
    )
    wall = time.perf_counter() - started
    cpu, *peaks = map(float, done.stderr.split()[-3:])
    return json.loads(done.stdout), wall, cpu, max(peaks) / 1024


def main() -> int:
    """Prints a line a measure, and a JSON line for programs with --json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--directory", type=Path, help="where to make it, and leave it; a temporary one otherwise")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    directory = options.directory or Path(tempfile.mkdtemp(prefix="vigie-bench-verify-"))
    try:
        bundle = directory / "registre.tar"
        if not bundle.exists():
            directory.mkdir(parents=True, exist_ok=True)
            make(directory, options.records, say=not options.json)
        measured = {}
        for name, arguments in {
            "bundle, structure": ["--no-recompute", str(bundle)],
            "bundle, decisions recomputed": [str(bundle)],
            "live, structure": ["--no-recompute"],
            "live, decisions recomputed": [],
        }.items():
            load_ = os.getloadavg()[0]
            verdict, wall, cpu, peak = measure(directory, *arguments)
            records = int(str(verdict["records"]))
            measured[name] = {
                "records": records,
                "decisions": verdict["decisions"],
                "records_per_s": round(records / wall),
                "cpu_us_per_record": round(cpu / records * 1e6, 1),
                "peak_mb": round(peak),
                "load": round(load_, 1),
            }
            if not options.json:
                print(
                    f"{name:<30} {records / wall:>9,.0f} records/s  {cpu / records * 1e6:>5.1f} µs CPU a record  "
                    f"peak {peak:,.0f} MB  (load {load_:.1f})"
                )
        if options.json:
            print(json.dumps(measured))
    finally:
        if options.directory is None:
            shutil.rmtree(directory, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
