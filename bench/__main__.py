"""`python -m bench`: measure, print, write. *Edge*."""

from __future__ import annotations

import argparse
import os
import platform
import re
import signal
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import psutil

from bench import install, plot, report, rounds, vigie
from bench.install import PLACE, ROOT, say
from bench.peers import ENTRIES, Entry
from gateway import __version__
from tools.reference import page

DOCS = ROOT / "docs"
PAGES = {"fr": DOCS / "fr" / "performance.md", "en": DOCS / "en" / "performance.md"}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Vigie et ses pairs, mesurés côte à côte · Vigie and its peers, measured side by side",
    )
    names = [entry.name for entry in ENTRIES]
    parser.add_argument("--only", metavar="NAME,NAME", default="", help=f"some of {', '.join(names)}")
    parser.add_argument("--quick", action="store_true", help="one round of one second each: does it all work?")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each run (default 3)")
    parser.add_argument("--rounds", type=int, default=5, help="of all runs (default 5)")
    parser.add_argument(
        "--render", type=Path, metavar="JSON", help="write the pages again from results, measure nothing"
    )
    asked = parser.parse_args(arguments)
    if asked.render is not None:
        publish(orjson.loads(asked.render.read_bytes()), DOCS)
        return 0
    wanted = [name for name in asked.only.split(",") if name] or names
    if unknown := set(wanted) - set(names):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(names)}")
    entries = [entry for entry in ENTRIES if entry.name in wanted]
    seconds, count = (1.0, 1) if asked.quick else (asked.seconds, asked.rounds)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is stopped then too
    results = bench(entries, count, seconds)
    print(report.said(results))
    whole = not asked.quick and not asked.only
    folder = DOCS if whole else PLACE / "results"
    publish(results, folder)
    say(f"{folder.relative_to(ROOT)}/performance.json, .svg" + (", docs/*/performance.md" if whole else ""))
    return 0 if results["entries"].get("vigie", {"phases": True}).get("phases") else 1


def bench(entries: Sequence[Entry], count: int, seconds: float) -> dict[str, Any]:
    """Start, measure, stop, sum up. What was started is stopped whatever happens."""
    PLACE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="run-", dir=PLACE) as folder:
        house = rounds.House.open(Path(folder))
        try:
            for name in rounds.needed(entries):
                house.start(name)
            measured = rounds.measure(house, entries, count, seconds)
            summed = {entry.name: entry_results(house, entry, measured) for entry in entries}
            ours = of_vigie(house) if "vigie" in house.running else {}
        finally:
            house.close()
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "version": __version__,
        "machine": machine(),
        "settings": {"rounds": count, "seconds": seconds},
        "entries": summed,
        "vigie": ours,
    }


def entry_results(house: rounds.House, entry: Entry, measured: rounds.Measured) -> dict[str, Any]:
    """The figures of an entry, or why there are none."""
    version = install.versions().get(entry.name, "")
    known = measured.get(entry.name)
    if not known:
        return {"version": version, "skipped": public(house.why_not(entry) or "nothing was measured")}
    servers = [house.running[name] for name in entry.servers if name in house.running]
    return {
        "version": version,
        "phases": rounds.summary(known),
        "memory_mb": round(sum(one.pss_mb() for one in servers), 1),
        "start_s": round(max(house.start_s[name] for name in entry.servers), 3),
    }


def of_vigie(house: rounds.House) -> dict[str, float]:
    """What is measured of Vigie alone: its start without language models, and the verification of what it recorded."""
    found: dict[str, float] = {}
    house.start("vigie-patterns")
    if "vigie-patterns" in house.start_s:
        found["start_patterns_s"] = round(house.start_s["vigie-patterns"], 3)
    home = house.servers["vigie"].home
    assert home is not None
    house.running.pop("vigie").stop()
    say("vigie, registre · ledger…")
    verdict = vigie.verify(home)
    if verdict["problem"]:
        raise SystemExit(f"the ledger does not verify: {verdict['problem']}")
    speed = round(verdict["records"] / verdict["seconds"])
    return {**found, "verified_records": verdict["records"], "verified_per_s": speed}


def machine() -> dict[str, Any]:
    """What a reader needs to judge the figures; no name, no path."""
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def public(reason: str) -> str:
    """A reason without the paths of this machine."""
    return re.sub(r"(?<![\w.])/(?:[\w.@+-]+/)+", "…/", " ".join(reason.split()))[:200]


def publish(results: dict[str, Any], folder: Path) -> None:
    """The JSON, the plot, and, in docs/, the pages."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "performance.json").write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2) + b"\n")
    (folder / "performance.svg").write_text(plot.svg(results), "utf-8")
    if folder == DOCS:
        for language, path in PAGES.items():
            current = path.read_text("utf-8")
            path.write_text(page(current, "", report.generated(results, language)), "utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
