"""What the project promises of itself: its locks, its habits, its pages."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tools import reference

HERE = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((HERE / "pyproject.toml").read_text("utf-8"))
LOCKS = sorted((HERE / "requirements").glob("*.txt"))
PIN = re.compile(r"^([a-z0-9][a-z0-9-]*)(?:\[[a-z,]+\])?==(\S+)", re.MULTILINE)
KEY_SHAPES = re.compile(
    "|".join(
        ["vigie" + r"_[a-z0-9]{6,}_[A-Za-z0-9_-]{20,}", "s" + r"k-[A-Za-z0-9]{20,}", "BEGIN [A-Z ]*PRIVATE" + " KEY"]
    )
)


def pins(lock):
    return dict(PIN.findall((HERE / "requirements" / lock).read_text("utf-8")))


def normal(name):
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!;~ ]", name, maxsplit=1)[0]).lower()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_pins_every_package_by_hash_and_names_no_host(lock):
    text = lock.read_text("utf-8")
    assert "://" not in text
    for entry in re.split(r"\n(?=[a-z0-9])", text.strip()):
        assert PIN.match(entry), entry.splitlines()[0]
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_what_is_tested_is_what_runs():
    tested = pins("dev.txt")
    assert {name: tested.get(name) for name in pins("runtime.txt")} == pins("runtime.txt")
    assert {name: tested.get(name) for name in pins("build.txt")} == pins("build.txt")


def test_every_declared_dependency_is_locked():
    runtime, dev = pins("runtime.txt"), pins("dev.txt")
    assert {normal(one) for one in PROJECT["project"]["dependencies"]} <= set(runtime)
    groups = PROJECT["dependency-groups"]
    assert {normal(one) for group in groups.values() for one in group if isinstance(one, str)} <= set(dev)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_no_release_known_to_be_hostile_is_locked(lock):
    locked = pins(lock.name)
    assert locked.get("litellm") not in {"1.82.7", "1.82.8"}
    assert not [name for name, version in locked.items() if version.startswith("999.")]


def test_hostile_releases_of_litellm_are_outside_the_range_too():  # they carried a credential stealer (March 2026)
    (litellm,) = [one for one in PROJECT["project"]["dependencies"] if one.startswith("litellm")]
    assert not set(Requirement(litellm).specifier.filter(["1.82.7", "1.82.8"]))


def test_reference_pages_say_what_the_code_says(capsys):
    assert reference.main(["--check"]) == 0, capsys.readouterr().out


def test_a_reference_page_keeps_what_people_wrote_around_its_tables():
    first = reference.page("", "Titre · Title", {"a": lambda: "one"})
    edited = first.replace("<!-- generated:a -->", "Avant.\n\n<!-- generated:a -->") + "\nAprès.\n"
    second = reference.page(edited, "Titre · Title", {"a": lambda: "two"})
    assert second == edited.replace("one", "two")
    assert reference.page(second, "Titre · Title", {"a": lambda: "two"}) == second


def test_the_makefile_has_every_habit_and_says_what_each_is():
    text = (HERE / "Makefile").read_text("utf-8")
    for target in ["demo", "test", "serve", "check", "bench", "chaos", "docs", "fmt", "clean", "help"]:
        assert re.search(rf"^{target}:.*## ", text, re.MULTILINE), target
    listed = subprocess.run(["make", "help"], cwd=HERE, capture_output=True, text=True, check=True).stdout
    assert "make demo" in listed


def test_a_second_run_finds_everything_ready(tmp_path):
    """The set-up script looks at one stamp, named after the locks, and does nothing else."""
    script = (HERE / "tools" / "prepare.sh").read_text("utf-8")
    folder = tmp_path / "clone"
    (folder / "tools").mkdir(parents=True)
    (folder / "tools" / "prepare.sh").write_text(script)
    (folder / "requirements").mkdir()
    for name in ["build.txt", "runtime.txt", "dev.txt"]:
        (folder / "requirements" / name).write_text("a==1\n")
    (folder / "pyproject.toml").write_text("")
    environment = {**os.environ, "VENV": ".venv", "PYTHON": "/nowhere/python3", "PATH": "/usr/bin:/bin"}
    find_stamp = (
        "source <(sed -n '/^stamp_of/,/^}/p' tools/prepare.sh); venv=.venv; mkdir -p .venv; touch \"$(stamp_of dev)\""
    )
    subprocess.run(["bash", "-c", find_stamp], cwd=folder, check=True)
    for kind in ["run", "dev"]:
        done = subprocess.run(
            ["bash", "tools/prepare.sh", kind], cwd=folder, env=environment, capture_output=True, text=True
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_without_python_3_11_the_set_up_says_what_to_install(tmp_path):
    old = tmp_path / "bin"
    old.mkdir()
    for name in ["python3", "python", "python3.11", "python3.12", "python3.13"]:
        (old / name).write_text("#!/bin/sh\nexit 1\n")
        (old / name).chmod(0o755)
    environment = {**os.environ, "VENV": str(tmp_path / "venv"), "PYTHON": "", "PATH": f"{old}:/usr/bin:/bin"}
    done = subprocess.run(
        ["bash", HERE / "tools" / "prepare.sh", "run"], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "Python 3.11" in done.stderr
    assert "apt install python3-venv" in done.stderr


def test_the_licence_is_apache_2_0_whole():
    text = (HERE / "LICENSE").read_text("utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def tracked_files():
    """What is committed, or about to be; in an archive without git, everything beside the caches."""
    listed = subprocess.run(["git", "ls-files"], cwd=HERE, capture_output=True, text=True)
    return [HERE / name for name in listed.stdout.splitlines() if (HERE / name).is_file()]


def test_no_file_holds_something_shaped_like_a_key():
    for path in tracked_files():
        if "tests" in path.relative_to(HERE).parts:
            continue  # tests make up keys of the right shape on purpose
        if path.suffix in {".py", ".md", ".yaml", ".yml", ".toml", ".sh", ".service", ".txt", ".json", ""}:
            text = path.read_text("utf-8", errors="replace")
            assert not KEY_SHAPES.search(text), path.relative_to(HERE)


def test_importing_the_package_is_quick_and_opens_nothing():
    """Heavy parts are imported where they are needed: `vigie --help` must not wait for litellm or spaCy."""
    code = "import sys, gateway.errors, gateway.telemetry; print([m for m in ('litellm', 'spacy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=HERE, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def markdown_links():
    for path in [*HERE.glob("*.md"), *(HERE / "docs").rglob("*.md"), *(HERE / "deploy").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text("utf-8")):
            if "://" not in target and not target.startswith("mailto:"):
                yield pytest.param(path, target, id=f"{path.relative_to(HERE)}:{target}")


@pytest.mark.parametrize(("page", "target"), list(markdown_links()))
def test_a_link_of_a_page_leads_somewhere(page, target):
    assert (page.parent / target).exists()
