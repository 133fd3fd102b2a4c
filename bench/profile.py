"""Where Vigie's microseconds go: `python -m bench.profile`. *Edge*.

Runs the gateway in this process, under real load from another, and looks at the stack of the event loop and of the
ledger's thread every millisecond or two. Each look weighs as much as the processor time that its thread has used since
the last one, so the figures are microseconds of processor a call, and cost nearly nothing to take. (`--exact` counts
calls with cProfile instead: right about counts, wrong about costs, since it makes Python functions dearer.)
"""

from __future__ import annotations

import argparse
import contextlib
import cProfile
import os
import pstats
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import orjson
import psutil
import uvicorn

from bench import load, processes, vigie
from bench.install import PLACE, ROOT

LEDGER_THREAD = "vigie-ledger"


@dataclass(slots=True)
class Costs:
    """Seconds of processor, by where a thread was seen: `own` in the function itself, `within` with all it calls."""

    own: Counter[str] = field(default_factory=Counter)
    lines: Counter[str] = field(default_factory=Counter)
    within: Counter[str] = field(default_factory=Counter)
    total: float = 0.0

    def add(self, frame: FrameType | None, seconds: float) -> None:
        if frame is None or seconds <= 0:
            return
        self.total += seconds
        self.own[_name(frame)] += seconds
        self.lines[f"{_name(frame)}:{frame.f_lineno}"] += seconds
        seen: set[str] = set()
        at: FrameType | None = frame
        while at is not None:
            name = _name(at)
            if name not in seen:
                seen.add(name)
                self.within[name] += seconds
            at = at.f_back


class Sampler:
    """Owned by the main thread, where the event loop runs and where Python delivers signals."""

    def __init__(self) -> None:
        self.loop, self.ledger = Costs(), Costs()
        self._last: dict[int, float] = {}
        self._ledger: int | None = None

    def start(self) -> None:
        threads = {one.name: one.ident for one in threading.enumerate()}
        self._ledger = threads.get(LEDGER_THREAD)
        signal.signal(signal.SIGALRM, self._look)
        signal.setitimer(signal.ITIMER_REAL, 0.0013, 0.0013)

    def stop(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _look(self, _: int, frame: FrameType | None) -> None:
        main = threading.main_thread().ident
        assert main is not None
        self.loop.add(frame, self._spent(main))
        if self._ledger is not None:
            self.ledger.add(sys._current_frames().get(self._ledger), self._spent(self._ledger))

    def _spent(self, thread: int) -> float:
        now = time.clock_gettime(time.pthread_getcpuclockid(thread))
        spent = now - self._last.get(thread, now)
        self._last[thread] = now
        return spent


def _name(frame: FrameType) -> str:
    path = frame.f_code.co_filename
    for root, shown in ((f"{ROOT}/", ""), ("site-packages/", ""), ("/lib/python3", "")):
        if root in path:
            path = shown + path.split(root, 1)[1]
            break
    return f"{path}:{frame.f_code.co_qualname}"


@dataclass(slots=True)
class Run:
    """One profiled run: the server here, the load elsewhere."""

    home: vigie.Home
    port: int
    arguments: argparse.Namespace
    result: dict[str, Any] = field(default_factory=dict)
    analyser_s: float = 0.0

    def drive(self, server: uvicorn.Server) -> None:
        """In a thread: wait for the server, drive it, end it."""
        try:
            while not server.started:
                time.sleep(0.05)
            self._load(0.5, 1.0)
            children = psutil.Process().children(recursive=True)
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
            before = _cpu(children)
            self.result = self._load(self.arguments.seconds, 0.0)
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR2)
            self.analyser_s = _cpu(children) - before
        finally:
            server.should_exit = True

    def _load(self, seconds: float, warmup_s: float) -> dict[str, Any]:
        asked = self.arguments
        job = load.Job(
            self.port,
            "/v1/chat/completions",
            {"authorization": f"Bearer {self.home.key}"},
            vigie.MODEL,
            asked.connections,
            seconds,
            warmup_s,
            prompts="fresh" if asked.fresh else "same",
            seed=int(seconds * 10),
            stream=asked.stream,
            turn=asked.turn,
        )
        done = subprocess.run(
            [sys.executable, "-m", "bench.load"], input=load.encode(job), capture_output=True, check=True
        )
        result: dict[str, Any] = orjson.loads(done.stdout)
        return result


def _cpu(children: list[psutil.Process]) -> float:
    """Of the analyser's processes; the load generator is not among them yet."""
    return sum(sum(one.cpu_times()[:2]) for one in children if one.is_running())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.profile", description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--stream", action="store_true", help="streamed answers")
    parser.add_argument("--turn", type=int, default=0, help="that turn of a conversation, its last message new")
    parser.add_argument("--fresh", action="store_true", help="each prompt different")
    parser.add_argument("--exact", action="store_true", help="cProfile: exact counts, inflated costs")
    parser.add_argument("--top", type=int, default=45)
    arguments = parser.parse_args()
    PLACE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="profile-", dir=PLACE) as folder:
        port = processes.free_port()
        upstream = processes.start([sys.executable, "-m", "bench.upstream", str(port)], Path(folder) / "upstream.log")
        try:
            processes.wait_for_port(upstream, port, 10)
            profile(Run(vigie.make_home(Path(folder) / "vigie", upstream=port), processes.free_port(), arguments))
        finally:
            upstream.stop()


def profile(run: Run) -> None:
    from gateway.app import create

    config = uvicorn.Config(
        create(run.home.config, run.home.data),
        host="127.0.0.1",
        port=run.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
    )
    server, sampler, exact = uvicorn.Server(config), Sampler(), cProfile.Profile()
    signal.signal(signal.SIGUSR1, lambda *_: exact.enable() if run.arguments.exact else sampler.start())
    signal.signal(signal.SIGUSR2, lambda *_: exact.disable() if run.arguments.exact else sampler.stop())
    driving = threading.Thread(target=run.drive, args=(server,))
    with log_to(run.home.data.parent / "gateway.log"):
        driving.start()
        server.run()
        driving.join()
    result = run.result
    if not result or result["errors"]:
        raise SystemExit(f"the load saw errors: {result.get('example')}")
    calls = result["requests"]
    print(
        f"{calls} calls in {result['seconds']:.1f} s ({calls / result['seconds']:.0f}/s), latency {result['latency_ms']}"
    )
    if run.arguments.exact:
        show_exact(exact, calls, run.arguments.top)
    else:
        show(sampler, run, calls)


@contextlib.contextmanager
def log_to(path: Path) -> Iterator[None]:
    """What the gateway says, a line a call, goes to a file as in service; the report alone goes to the terminal."""
    terminal = {number: os.dup(number) for number in (1, 2)}
    with path.open("wb") as file:
        for number in terminal:
            os.dup2(file.fileno(), number)
    try:
        yield
    finally:
        sys.stdout.flush()
        for number, kept in terminal.items():
            os.dup2(kept, number)
            os.close(kept)


def show(sampler: Sampler, run: Run, calls: int) -> None:
    top = run.arguments.top
    for title, costs in (("event loop", sampler.loop), ("ledger thread", sampler.ledger)):
        print(f"\n== {title}: {costs.total / calls * 1e6:.0f} µs of processor a call")
        steps = Counter({name: cost for name, cost in costs.within.items() if name.startswith("gateway/")})
        for heading, counter in (
            ("with what they call, gateway's own", steps),
            ("with what they call, all", costs.within),
            ("in themselves", costs.own),
            ("by line", costs.lines),
        ):
            print(f"-- {heading} (µs a call)")
            for name, cost in counter.most_common(top):
                if cost / calls * 1e6 >= 1:
                    print(f"{cost / calls * 1e6:8.1f}  {name}")
    print(f"\n== analyser's processes: {run.analyser_s / calls * 1e6:.0f} µs of processor a call")


def show_exact(exact: cProfile.Profile, calls: int, top: int) -> None:
    stats: dict[Any, Any] = pstats.Stats(exact).stats  # type: ignore[attr-defined]
    print("   µs own  µs within  times a call  (inflated by the profiler)")
    for (path, line, name), (_, count, own, within, _) in sorted(stats.items(), key=lambda one: -one[1][2])[:top]:
        shown = "/".join(Path(path).parts[-3:])
        print(f"{own / calls * 1e6:9.1f} {within / calls * 1e6:10.1f} {count / calls:12.2f}  {shown}:{line} {name}")


if __name__ == "__main__":
    main()
