"""Starting the peers, measuring them in rounds, summing up. *Edge* but for `summary`.

A round measures every entry once in every phase, one after the other (A B C, A B C, …), so that whatever drifts on the
machine drifts for all; figures are medians over rounds. Whoever is not being measured is frozen.
"""

from __future__ import annotations

import contextlib
import http.client
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import orjson

from bench import load, processes
from bench.install import ROOT, Skipped, say
from bench.peers import BUILDERS, SERVERS, Entry, Place, Server
from bench.processes import NotReady, Running

READY_S = 120.0


@dataclass(frozen=True, slots=True)
class Phase:
    """One way of asking. `name` is its key in the results."""

    name: str
    connections: int
    stream: bool = False
    turn: int = 0

    def concerns(self, entry: Entry) -> bool:
        return (not self.stream or entry.streams) and (not self.turn or entry.turns)


PHASES = (
    Phase("1", 1),
    Phase("8", 8),
    Phase("32", 32),
    Phase("stream", 4, stream=True),
    Phase("turn-2", 1, turn=2),
    Phase("turn-100", 1, turn=100),
)


@dataclass(slots=True)
class House:
    """Everything that runs. Owned by `__main__`, which closes it whatever happens."""

    place: Place
    upstream: Running
    servers: dict[str, Server] = field(default_factory=dict)
    running: dict[str, Running] = field(default_factory=dict)
    start_s: dict[str, float] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path) -> House:
        ports = {name: processes.free_port() for name in ("upstream", *BUILDERS)}
        upstream = ports["upstream"]
        started = processes.start(
            [sys.executable, "-m", "bench.upstream", str(upstream)], folder / "upstream.log", cwd=ROOT
        )
        processes.wait_for_port(started, upstream, 20)
        return cls(Place(folder, upstream, ports), started)

    def close(self) -> None:
        for one in [*self.running.values(), self.upstream]:
            one.stop()

    def start(self, name: str) -> None:
        """Start a server twice (the first time its files come from the disk), time the second, freeze it."""
        say(f"{name}…")
        try:
            server = self.servers[name] = BUILDERS[name](self.place)
            for missing in (one for one in server.needs if one not in self.running):
                raise Skipped(self.skipped.get(missing, f"{missing} is not running"))
            with self.awake(server.needs):
                self._launch(name, server)
                self.running.pop(name).stop()
                self.start_s[name] = self._launch(name, server)
                settle(self.running[name])
                self.running[name].freeze()
        except (Skipped, NotReady, RuntimeError) as reason:
            self.skipped[name] = str(reason)
            if name in self.running:
                self.running.pop(name).stop()
            say(f"{name} : {reason}")

    def _launch(self, name: str, server: Server) -> float:
        """Seconds until it answered."""
        before = time.monotonic()
        self.running[name] = processes.start(
            server.command,
            self.place.folder / f"{name}.log",
            {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", **server.environment},
            cwd=ROOT,
        )
        wait_until_it_answers(server, self.running[name])
        return time.monotonic() - before

    @contextlib.contextmanager
    def awake(self, names: Sequence[str]) -> Iterator[list[Running]]:
        """These run while the block does; everybody else stays frozen."""
        woken = [self.running[name] for name in names]
        for one in woken:
            one.thaw()
        try:
            yield woken
        finally:
            for one in woken:
                one.freeze()

    def why_not(self, entry: Entry) -> str:
        """Why an entry cannot be measured, or nothing."""
        return next((self.skipped[one] for one in entry.servers if one in self.skipped), "")


def wait_until_it_answers(server: Server, running: Running) -> None:
    """Until a request is answered as it should be: that is what ready means for all alike. Raises `NotReady`."""
    job = load.Job(server.port, server.path, dict(server.headers), server.model, 1, 0, wire=server.wire)
    head, _, body = next(load.requests_of(job)).partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    deadline, said = time.monotonic() + READY_S, ""
    while time.monotonic() < deadline:
        running.require_alive()
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=READY_S)
        try:
            connection.request("POST", server.path, body, headers)
            answer = connection.getresponse()
            said = f"{answer.status} {answer.read(400).decode('utf-8', 'replace')}"
            if answer.status == 200:
                return
        except (OSError, http.client.HTTPException) as error:
            said = f"{type(error).__name__}"
        finally:
            connection.close()
        time.sleep(0.02)
    raise NotReady(f"no good answer in {READY_S:.0f} s, the last one: {said[:300]}; {running.last_words()}")


def settle(*running: Running) -> None:
    """Until nothing is being worked at, for a few seconds at most: a frozen deadline passes unseen."""
    deadline = time.monotonic() + 6
    before = sum(one.cpu_s() for one in running)
    while time.monotonic() < deadline:
        time.sleep(0.2)
        now = sum(one.cpu_s() for one in running)
        if now - before < 0.03:
            return
        before = now


def needed(entries: Sequence[Entry]) -> list[str]:
    """The servers of these entries, in the order in which they are to start."""
    wanted = {name for entry in entries for name in entry.servers}
    return [name for name in SERVERS if name in wanted]


Measured = dict[str, dict[str, list[dict[str, Any]]]]


def measure(
    house: House, entries: Sequence[Entry], rounds: int, seconds: float, progress: Callable[[str], None] = say
) -> Measured:
    """`rounds` rounds; a run with errors is kept out of the figures and said; an entry with nothing else is skipped."""
    measured: Measured = {entry.name: {} for entry in entries}
    for number, entry, phase in schedule(house, entries, rounds):
        if house.why_not(entry):
            continue
        result = run(house, entry, phase, seconds, seed=number * 1_000 + PHASES.index(phase) * 100)
        if result["errors"] or not result["requests"]:
            progress(f"{entry.name} {phase.name}: {result['errors']} errors; {result['example'][:200]!r}")
            if not measured[entry.name].get(phase.name):
                house.skipped[entry.servers[0]] = f"answered with errors: {result['example'][:160]!r}"
            continue
        measured[entry.name].setdefault(phase.name, []).append(result)
        speed = result["requests"] / result["seconds"]
        progress(
            f"{number}/{rounds} {entry.name:17} {phase.name:9} {speed:9.1f}/s p50 {result['latency_ms']['p50']:.2f} ms"
        )
    return measured


def schedule(house: House, entries: Sequence[Entry], rounds: int) -> Iterator[tuple[int, Entry, Phase]]:
    """A B C, A B C, …: entries one after the other in each phase of each round."""
    for number in range(1, rounds + 1):
        for phase in PHASES:
            for entry in entries:
                if phase.concerns(entry) and not house.why_not(entry):
                    yield number, entry, phase


def run(house: House, entry: Entry, phase: Phase, seconds: float, seed: int) -> dict[str, Any]:
    """One phase of one entry, everybody else frozen."""
    server = house.servers[entry.servers[0]]
    job = load.Job(
        server.port,
        server.path,
        dict(server.headers),
        server.model,
        phase.connections,
        seconds,
        prompts=entry.prompts,
        seed=seed,
        stream=phase.stream,
        wire=server.wire,
        turn=phase.turn,
    )
    with house.awake(entry.servers) as ours:
        try:
            before = sum(one.cpu_s() for one in ours)
            done = subprocess.run(
                [sys.executable, "-m", "bench.load"], input=load.encode(job), capture_output=True, check=True, cwd=ROOT
            )
            result: dict[str, Any] = orjson.loads(done.stdout)
            result["cpu_ms"] = (sum(one.cpu_s() for one in ours) - before) * 1000 / max(1, result["served"])
            settle(*ours)
            for one in ours:
                one.require_alive()
        except (NotReady, subprocess.CalledProcessError) as reason:
            house.skipped[entry.servers[0]] = str(reason)
            return {"errors": 1, "requests": 0, "example": str(reason)}
    return result


def summary(runs: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """Medians over rounds, phase by phase, with the least and the most of throughput."""
    phases: dict[str, Any] = {}
    for name, results in runs.items():
        speeds = [one["requests"] / one["seconds"] for one in results]
        phases[name] = {
            "requests_per_s": round(median(speeds), 2),
            "requests_per_s_range": [round(min(speeds), 2), round(max(speeds), 2)],
            "cpu_ms": round(median(one["cpu_ms"] for one in results), 4),
        }
        for measure_ in ("latency_ms", "first_token_ms", "gap_ms", "lateness_ms"):
            spreads = [one[measure_] for one in results if one[measure_]]
            if spreads:
                phases[name][measure_] = {at: round(median(one[at] for one in spreads), 4) for at in ("p50", "p99")}
    return phases
