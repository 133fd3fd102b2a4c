"""The bench: that it measures what it says, and says what it did not measure."""

import asyncio
import json
import re
import sys
import time
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import psutil
import pytest

from bench import load, peers, plot, processes, prompts, report, rounds, upstream
from bench.__main__ import main, public
from bench.install import Skipped

HERE = Path(__file__).resolve().parents[2]
BENCH = HERE / "bench"


# ── prompts ───────────────────────────────────────────────────────────────────────────────────────────────────────


def sentences(text):
    return [one for one in re.split(r"(?<=[.:])\s+", text) if one]


def test_no_sentence_of_a_fresh_prompt_was_seen_before():
    written = [one for text in islice(prompts.fresh(1), 300) for one in sentences(text)]
    written += [one for text in islice(prompts.fresh(2), 300) for one in sentences(text)]
    repeated = len(written) - len(set(written))
    assert repeated / len(written) < 0.005


def test_prompts_are_of_about_1_kb_of_french():
    sizes = [len(text.encode()) for text in islice(prompts.fresh(3), 200)]
    assert min(sizes) > 900
    assert max(sizes) < 1_500
    assert 900 < len(prompts.same().encode()) < 1_500


def test_a_conversation_keeps_its_history_and_only_grows():
    assert prompts.history(5)[:4] == prompts.history(2)
    assert len({text for _, text in prompts.history(99)}) == 2 * 99


# ── the provider and the load generator, against each other ───────────────────────────────────────────────────────


@asynccontextmanager
async def serving(factory):
    server = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def job(port, **changed):
    known = {"path": "/v1/chat/completions", "headers": {}, "model": "m", "connections": 2, "seconds": 0.3}
    return load.Job(port, **{**known, "warmup_s": 0.05, **changed})


async def test_whole_answers_are_counted_and_timed():
    async with serving(upstream.Provider) as port:
        result = await load.run(job(port, prompts="fresh"))
    assert result["errors"] == 0
    assert result["served"] >= result["requests"] > 0
    assert 0 < result["latency_ms"]["p50"] <= result["latency_ms"]["p99"] <= result["latency_ms"]["max"]


async def test_every_token_of_a_stream_is_seen_when_it_arrives():
    async with serving(upstream.Provider) as port:
        result = await load.run(job(port, stream=True, seconds=1.5))
    assert result["errors"] == 0
    assert result["requests"] >= 1
    assert 0 < result["first_token_ms"]["p50"] < result["latency_ms"]["p50"]
    assert result["gap_ms"]["p50"] < result["latency_ms"]["p50"]
    assert 0 < result["lateness_ms"]["p50"] < result["latency_ms"]["p50"]


class Answering(asyncio.Protocol):
    """A server that always answers the same bytes."""

    def __init__(self, answer):
        self.answer = answer

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, _):
        self.transport.write(self.answer)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n" + b'{"error": "no"}',
    ],
    ids=["a refusal", "another text"],
)
async def test_an_answer_that_is_not_the_providers_is_an_error_and_not_a_call_served(answer):
    async with serving(lambda: Answering(answer)) as port:
        result = await load.run(job(port))
    assert result["errors"] > 0
    assert result["requests"] == result["served"] == 0
    assert "HTTP/1.1" in result["example"]


@pytest.mark.parametrize("ending", [b"", upstream.FRAMES[-1]], ids=["no end", "an end"])
async def test_a_stream_that_lacks_tokens_is_an_error(ending):
    cut = upstream.STREAM_HEAD + b"".join(upstream.FRAMES[:9]) + ending + upstream.LAST_CHUNK
    async with serving(lambda: Answering(cut)) as port:
        result = await load.run(job(port, stream=True))
    assert result["errors"] > 0
    assert result["requests"] == 0


async def test_a_server_that_hangs_up_is_an_error():
    class Leaving(Answering):
        def data_received(self, _):
            self.transport.close()

    async with serving(lambda: Leaving(b"")) as port:
        result = await load.run(job(port))
    assert result["errors"] > 0


@pytest.mark.parametrize("size", [1, 7, 600, 10_000])
def test_the_provider_takes_requests_in_whatever_pieces_they_come(size):
    request = next(iter(load.requests_of(job(1))))
    written = []
    provider = upstream.Provider()
    provider.connection_made(SimpleNamespace(write=written.append, is_closing=lambda: False))
    for at in range(0, 2 * len(request), size):
        provider.data_received((request * 2)[at : at + size])
    assert written == [upstream.WHOLE, upstream.WHOLE]


# ── processes ─────────────────────────────────────────────────────────────────────────────────────────────────────

PARENT = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); time.sleep(60)"


def eventually(holds):
    """Signals and starts take effect in their own time."""
    for _ in range(2_000):
        if holds():
            return True
        time.sleep(0.01)
    return False


def test_a_frozen_process_and_its_children_wait_and_end_when_told(tmp_path):
    running = processes.start([sys.executable, "-c", PARENT], tmp_path / "log")
    try:
        assert eventually(lambda: len(running.tree()) == 2)
        tree = running.tree()
        running.freeze()
        assert eventually(lambda: {one.status() for one in tree} == {psutil.STATUS_STOPPED})
        assert running.pss_mb() > 1
        running.thaw()
        assert eventually(lambda: psutil.STATUS_STOPPED not in {one.status() for one in tree})
    finally:
        running.freeze()
        running.stop()
    assert not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in tree)


def not_installed(_):
    raise Skipped("it is not installed")


def ends_at_once(place):
    return peers.Server([sys.executable, "-c", "raise SystemExit('no luck today')"], place.ports["nginx"])


@pytest.mark.parametrize(("builder", "reason"), [(not_installed, "not installed"), (ends_at_once, "no luck today")])
def test_a_peer_that_cannot_start_is_skipped_with_the_reason(tmp_path, monkeypatch, builder, reason):
    monkeypatch.setitem(peers.BUILDERS, "nginx", builder)
    place = peers.Place(tmp_path, 1, {"nginx": processes.free_port()})
    house = rounds.House(place, SimpleNamespace(stop=lambda: None))
    house.start("nginx")
    entry = next(one for one in peers.ENTRIES if one.name == "nginx")
    assert reason in house.why_not(entry)
    assert list(rounds.schedule(house, [entry], 3)) == []
    house.close()


def test_rounds_go_from_one_entry_to_the_next_in_each_phase():
    house = rounds.House(peers.Place(Path(), 1, {}), SimpleNamespace())
    two = [one for one in peers.ENTRIES if one.name in {"passthrough", "vigie"}]
    order = [(number, phase.name, entry.name) for number, entry, phase in rounds.schedule(house, two, 2)]
    assert order[:4] == [(1, "1", "passthrough"), (1, "1", "vigie"), (1, "8", "passthrough"), (1, "8", "vigie")]
    assert [number for number, _, _ in order] == [1] * 12 + [2] * 12


# ── results ───────────────────────────────────────────────────────────────────────────────────────────────────────


def runs(speed, p50, cpu_ms=1.0):
    spread = {"p50": p50, "p99": p50 * 2}
    one = {"requests": speed * 3, "seconds": 3.0, "cpu_ms": cpu_ms, "latency_ms": spread}
    return [{**one, "first_token_ms": {}, "gap_ms": {}, "lateness_ms": {}}]


def results():
    def entry(speed, p50, cpu_ms=1.0):
        return {"version": "1.0", "phases": rounds.summary({at: runs(speed, p50, cpu_ms) for at in ("1", "8", "32")}),
                "memory_mb": 100.0, "start_s": 1.0}  # fmt: skip

    return {
        "date": "2026-11-25",
        "version": "0.1.0",
        "machine": {"cores": 2, "memory_gb": 24, "system": "Linux", "python": "3.11"},
        "settings": {"rounds": 1, "seconds": 3.0},
        "entries": {
            "passthrough": entry(6000, 0.4),
            "nginx": {"version": "", "skipped": "nginx is not installed"},
            "litellm": entry(100, 10.0),
            "vigie": entry(3000, 1.4),
            "vigie-fresh": entry(100, 5.0, 8.0),
            "presidio": entry(20, 45.0, 44.0),
        },
        "vigie": {"verified_per_s": 50_000},
    }


def test_medians_are_taken_over_rounds():
    summed = rounds.summary({"1": [*runs(100, 1.0), *runs(900, 9.0), *runs(300, 3.0)]})["1"]
    assert summed["requests_per_s"] == 300
    assert summed["requests_per_s_range"] == [100, 900]
    assert summed["latency_ms"] == {"p50": 3.0, "p99": 6.0}


def test_each_target_says_whether_it_is_met_or_that_it_was_not_measured():
    values = report.seen(results())
    assert set(values) == {one.name for one in report.TARGETS}
    met = {one.name: one.met(values[one.name]) for one in report.TARGETS}
    assert met["share"] is True  # 3000 of 6000, the bound itself
    assert met["litellm"] is True
    assert met["added-p50"] is True  # 1.4 less 0.4
    assert values["fresh"] == pytest.approx(5.5)
    assert met["verify"] is False
    assert met["first-token"] is None
    assert met["ready-patterns"] is None


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_peer_that_was_not_measured_is_in_the_table_with_the_reason(language):
    row = next(row for row in report.rows(results(), language) if row[0].startswith("nginx"))
    assert row[1].startswith(report.SKIPPED[language])
    assert "nginx is not installed" in row[1]
    assert "nginx is not installed" in report.said(results())


def test_numbers_are_written_as_each_language_writes_them():
    assert report.number(6912.4, "fr") == "6\u202f912"
    assert report.number(6912.4, "en") == "6,912"
    assert report.number(0.36, "fr") == "0,36"
    assert report.number(None, "en") == "–"


def test_the_plot_is_svg_with_a_bar_for_each_figure():
    root = ET.fromstring(plot.svg(results()))
    bars = [one for one in root.iter() if one.get("rx")]
    assert len(bars) == 5 * 3
    assert "".join(root.itertext()).count("non mesuré") == 3


def test_a_reason_is_shown_without_the_paths_of_the_machine():
    assert (
        public("exit 1: /home/someone/.bench/venv/bin/python: No module\n named x")
        == "exit 1: …/python: No module named x"
    )


def test_the_published_results_name_no_machine_and_no_path():
    text = (HERE / "docs" / "performance.json").read_text("utf-8")
    assert not re.search(r"/(?:home|root|work|tmp|usr|opt)/", text)
    assert set(json.loads(text)["machine"]) == {"cores", "memory_gb", "system", "python"}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_pages_say_what_the_published_results_say(language):
    known = json.loads((HERE / "docs" / "performance.json").read_text("utf-8"))
    text = (HERE / "docs" / language / "performance.md").read_text("utf-8")
    for write in report.generated(known, language).values():
        assert write() in text
    assert (HERE / "docs" / "performance.svg").read_text("utf-8") == plot.svg(known)


def test_an_unknown_peer_is_refused_with_the_names_that_exist(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--only", "envoy"])
    assert ended.value.code == 2
    assert "passthrough" in capsys.readouterr().err


# ── what peers are installed from ─────────────────────────────────────────────────────────────────────────────────


def test_the_npm_lock_has_an_integrity_for_each_package_and_names_no_registry():
    lock = json.loads((BENCH / "package-lock.json").read_text("utf-8"))
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert "node_modules/@portkey-ai/gateway" in packages
    assert all(one["integrity"].startswith("sha512-") and "resolved" not in one for one in packages.values())


def test_hostile_releases_of_litellm_are_out_of_the_peers_range():
    asked = (BENCH / "requirements.in").read_text("utf-8")
    assert "!=1.82.7,!=1.82.8" in asked


def test_every_python_package_that_the_peers_ask_for_is_locked():
    asked = re.findall(r"^([a-z][a-z0-9-]*)", (BENCH / "requirements.in").read_text("utf-8"), re.MULTILINE)
    locked = re.findall(r"^([a-z][a-z0-9-]*)==", (HERE / "requirements" / "bench.txt").read_text("utf-8"), re.MULTILINE)
    assert set(asked) <= set(locked)
