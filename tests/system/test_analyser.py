"""The analyser with its real processes: what it answers, and what happens when they die."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import asynccontextmanager

import psutil
import pytest

from gateway.config import Privacy
from gateway.privacy import AnalyserUnavailable, open_analyser
from gateway.privacy.analyser import WAITING_CHARACTERS
from gateway.privacy.worker import answers

GIVEN = "Julie Marc Sophie Luc Geneviève Olivier Nadia Mathieu Chantal Hélène".split()
FAMILY = "Tremblay Gagnon Bouchard Gauthier Morin Lavoie Pelletier Bergeron Nguyen Diallo".split()


@asynccontextmanager
async def running(**settings):
    analyser = open_analyser(Privacy(**{"ner": False, **settings}))
    await analyser.start()
    try:
        yield analyser
    finally:
        processes = [psutil.Process(one) for one in analyser.processes if psutil.pid_exists(one)]
        await analyser.stop()
        for process in processes:
            assert not process.is_running(), f"left running: {process}"


def letter(number):
    """A text with one name, no two alike."""
    name = f"{GIVEN[number % 10]} {FAMILY[number // 10 % 10]}"
    text = f"Objet : dossier {number}\n\nLa demande de Mme {name} a été reçue le {number % 28 + 1} mars. Merci."
    return text, name


def values(text, findings):
    return [text[one.start : one.end] for one in findings if one.type == "PERSON"]


async def test_a_worker_killed_during_a_thousand_calls_loses_none_and_leaks_none():
    async with running(workers=2) as analyser:
        template, *_ = analyser.processes

        async def call(number):
            text, name = letter(number)
            await asyncio.sleep(random.random())
            for _ in range(2):
                try:
                    (found,) = await analyser.find([text])
                except AnalyserUnavailable:
                    continue
                assert values(text, found) == [name]
                return True
            return False

        async def killer():
            killed = 0
            while killed < 10:
                await asyncio.sleep(0.1)
                for one in analyser.processes:
                    if one != template:
                        os.kill(one, signal.SIGKILL)
                        killed += 1
                        break

        answers = await asyncio.gather(*(call(number) for number in range(1_000)), killer())
        assert all(answers[:-1]), "a call was refused twice"
        assert len(analyser.processes) == 3 or await _settled(analyser)
        assert not [one for one in psutil.Process(template).children() if one.status() == psutil.STATUS_ZOMBIE]


async def _settled(analyser):
    for _ in range(100):
        if len(analyser.processes) == 3:
            return True
        await asyncio.sleep(0.1)
    return False


async def test_a_template_that_is_killed_is_started_again_when_a_worker_is_needed():
    async with running(workers=1) as analyser:
        template, worker = analyser.processes
        os.kill(template, signal.SIGKILL)
        text, name = letter(1)
        assert values(text, (await analyser.find([text]))[0]) == [name], "the worker that is there goes on"
        os.kill(worker, signal.SIGKILL)
        text, name = letter(2)
        assert values(text, (await analyser.find([text]))[0]) == [name]
        assert not {template, worker} & set(analyser.processes)


async def test_nothing_is_found_where_nobody_looks_any_more():
    async with running(workers=1) as analyser:
        pass
    with pytest.raises(AnalyserUnavailable):
        await analyser.find(["Bonjour, ici Julie Tremblay."])


async def test_too_much_at_once_is_refused_at_once_and_what_waits_is_answered():
    async with running(workers=1) as analyser:
        line = "Bonjour, ici Julie Tremblay. " * 30 + "\n\n"
        first = asyncio.create_task(analyser.find([f"{number} {line}" for number in range(500)]))
        await asyncio.sleep(0)
        much = [f"{number} {line}" for number in range(1_000, 1_001 + WAITING_CHARACTERS // len(line))]
        with pytest.raises(AnalyserUnavailable) as refused:
            await analyser.find(much)
        assert refused.value.code == "analyser_behind"
        found = await first
        assert all(len(one) == 30 for one in found)


async def test_what_is_remembered_is_what_is_found_whatever_the_batch_and_the_order():
    texts = [
        "Bonjour, je m'appelle marie tremblay, mon NAS est 046 454 286.",
        "Hrvoje Petkovski demeure à Sutton.\n\nMerci,\nLuc",
        "Hello, my name is John Smith and I live in Sherbrooke.",
        "Aucun renseignement personnel ici.",
        "",
        "  \n ",
        "\n\n".join(letter(number)[0] for number in range(100)),
    ]
    async with running(workers=2, ner=True) as one, running(workers=1, ner=True, memory_entries=0) as other:
        together = await one.find(texts)
        assert await one.find(texts) == together
        assert list(reversed(await one.find(list(reversed(texts))))) == together
        alone = [(await other.find([text]))[0] for text in texts]
        assert alone == together
        assert together[3] == together[4] == together[5] == ()
        assert len(values(texts[6], together[6])) == 100


async def test_a_call_that_gives_up_does_not_take_the_answer_from_another_that_asks_the_same():
    async with running(workers=1) as analyser:
        text, name = letter(5)
        first = asyncio.create_task(analyser.find([text]))
        second = asyncio.create_task(analyser.find([text]))
        await asyncio.sleep(0)
        first.cancel()
        assert values(text, (await second)[0]) == [name]


def test_no_process_outlives_a_gateway_that_is_killed():
    program = textwrap.dedent("""
        import asyncio
        from gateway.config import Privacy
        from gateway.privacy import open_analyser

        async def main():
            analyser = open_analyser(Privacy(ner=False, workers=2))
            await analyser.start()
            print(*analyser.processes, flush=True)
            await asyncio.sleep(60)

        asyncio.run(main())
    """)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as gateway:
        processes = [psutil.Process(int(one)) for one in gateway.stdout.readline().split()]
        gateway.kill()
    assert len(processes) == 3
    _, alive = psutil.wait_procs(processes, timeout=10)
    assert not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]


async def test_both_languages_and_two_workers_fit_in_450_mb():
    async with running(workers=2, ner=True) as analyser:
        texts = [f"{letter(number)[0]} Hrvoje Petkovski{number % 7 * ' fin'} est venu." for number in range(400)]
        await analyser.find(texts)
        total = sum(psutil.Process(one).memory_full_info().pss for one in analyser.processes)
        assert total < 450 * 1024 * 1024, f"{total / 1024 / 1024:.0f} MB"


async def test_turn_one_hundred_asks_only_about_what_it_adds():
    async with running(workers=1) as analyser:
        history, seconds = [], []
        for turn in range(100):
            history += [f"Tour {turn}. " + letter(turn)[0] * 5, f"Réponse {turn}. " + letter(turn + 500)[0] * 5]
            started = time.perf_counter()
            found = await analyser.find(history)
            seconds.append(time.perf_counter() - started)
            assert all(found)
        early, late = sorted(seconds[1:11])[5], sorted(seconds[-10:])[5]
        assert late < 10 * early, "far more than the bound, which `bench` measures: this one only sees quadratic growth"


def test_a_text_on_which_looking_fails_is_said_to_have_failed_and_its_neighbours_do_not():
    class Fails:
        def find(self, texts, languages):
            if any("poison" in text for text in texts):
                raise RuntimeError
            return [[(0, 1, "PERSON", 1.0)] for _ in texts]

    found = answers(Fails(), ["un", "poison", "deux"], [None, None, None])
    assert found == [[(0, 1, "PERSON", 1.0)], None, [(0, 1, "PERSON", 1.0)]]


async def test_public_functions_are_kept_where_the_officer_says_so():
    text = "La ministre Geneviève Guilbault a répondu à Julie Tremblay."
    async with running(public_functions="keep") as analyser:
        assert values(text, (await analyser.find([text]))[0]) == ["Julie Tremblay"]
    async with running() as analyser:
        assert values(text, (await analyser.find([text]))[0]) == ["Geneviève Guilbault", "Julie Tremblay"]
