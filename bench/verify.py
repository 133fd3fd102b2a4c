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
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gateway.audit import Signer, export
from gateway.audit.appending import Entry, write_entries
from gateway.audit.ledger import publish_policy_now
from gateway.audit.signing import sign_now
from gateway.config import load
from gateway.storage import open_store
from tests.recorded_calls import Calls

ROOT = Path(__file__).resolve().parent.parent
BATCH = 256


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
