"""What can be known of deploy/ without a container engine: that it parses, is closed, and names what exists."""

import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
import zipfile
from configparser import ConfigParser
from pathlib import Path

import click
import pytest
import yaml

HERE = Path(__file__).resolve().parents[2]
DEPLOY = HERE / "deploy"


def instructions():
    """The Containerfile's instructions, continuation lines joined: [(name, rest)]."""
    text = re.sub(r"^\s*#.*\n", "", (DEPLOY / "Containerfile").read_text("utf-8"), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [tuple(line.split(None, 1)) for line in lines if line.strip()]


def stages():
    found = []
    for name, rest in instructions():
        if name == "FROM":
            found.append([])
        if found:
            found[-1].append((name, rest))
    return found


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))


@pytest.fixture(scope="module")
def unit():
    parser = ConfigParser(interpolation=None, strict=False, delimiters=["="], comment_prefixes=["#"])
    parser.optionxform = str
    parser.read(DEPLOY / "vigie.service", "utf-8")
    return parser


def assert_command_exists(words):
    """`words` after `vigie`: each command is one, each option is one of its options."""
    from gateway.cli import main

    command, context, words = main, click.Context(main, info_name="vigie"), list(words)
    while isinstance(command, click.Group):
        name = words.pop(0)
        found = command.get_command(context, name)
        assert found is not None, name
        command, context = found, click.Context(found, info_name=name, parent=context)
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("-")} <= options, words


# ── the image ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_image_is_built_in_one_stage_and_runs_in_another():
    assert len(stages()) == 2
    assert not [rest for name, rest in stages()[1] if name == "RUN" and ("pip" in rest or "apt" in rest)]


def test_the_image_installs_only_hashed_wheels_and_then_its_own_code_without_an_index():
    installs = [rest for name, rest in stages()[0] if name == "RUN" and "pip install" in rest]
    assert "--require-hashes --only-binary :all:" in installs[0]
    assert "-r requirements/runtime.txt" in installs[0]
    assert "--no-deps --no-index --no-build-isolation" in installs[1]


def test_the_image_runs_as_a_number_that_is_not_root_and_checks_its_health():
    last = dict(stages()[1])
    user, group = last["USER"].split(":")
    assert int(user) > 0
    assert int(group) > 0
    assert "/readyz" in last["HEALTHCHECK"]
    assert last["ENTRYPOINT"] == '["/opt/vigie/bin/vigie"]'
    assert last["STOPSIGNAL"] == "SIGTERM"


def test_what_the_image_copies_exists_and_is_not_ignored():
    ignored = (DEPLOY / "Containerfile.dockerignore").read_text("utf-8").splitlines()
    for name, rest in instructions():
        if name == "COPY" and not rest.startswith("--from"):
            *sources, _ = rest.split()
            for source in sources:
                assert (HERE / source).exists(), source
                assert f"!{source}" in ignored, source


def test_no_secret_is_baked_into_the_image():
    assert not [
        rest for name, rest in instructions() if name in {"ENV", "ARG"} and re.search(r"(?i)key|token|passw", rest)
    ]


def test_the_images_command_exists():
    last = dict(stages()[1])
    assert_command_exists(yaml.safe_load(last["CMD"]))


def test_the_health_check_is_a_program_that_fails_when_nothing_listens():
    words = yaml.safe_load(dict(stages()[1])["HEALTHCHECK"].split("CMD ", 1)[1])
    program = words[2].replace("8080", "1")
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, timeout=20)
    assert done.returncode != 0
    compile(words[2], "health", "exec")


def test_the_wheel_holds_the_whole_package_and_the_command(tmp_path):
    """The image's last install step, for real: no index, no isolation, from the files that the image copies."""
    for name, rest in stages()[0]:
        if name == "COPY" and not rest.startswith(("--from", "requirements")):
            *sources, _ = rest.split()
            for source in sources:
                origin = HERE / source
                if origin.is_dir():
                    shutil.copytree(
                        origin, tmp_path / source, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
                    )
                else:
                    shutil.copy(origin, tmp_path / source)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", tmp_path / "out", "."], cwd=tmp_path, check=True, capture_output=True)
    (wheel,) = (tmp_path / "out").glob("vigie-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        str(path.relative_to(HERE)) for path in (HERE / "gateway").rglob("*.py") if "__pycache__" not in path.parts
    }
    assert wanted <= names
    assert "gateway/py.typed" in names
    data = {path.suffix for path in (HERE / "gateway").rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    packed = {Path(name).suffix for name in names}
    assert data - {""} <= packed, "a kind of data file is missing from [tool.setuptools.package-data]"


# ── compose ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_service_is_closed(compose):
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert not service["user"].startswith("0"), name
        assert not service.get("privileged"), name


def test_no_password_is_written_in_compose_and_every_secret_is_made_by_the_script(compose, tmp_path):
    for service in compose["services"].values():
        for key in service.get("environment", {}):
            assert not re.search(r"PASSWORD$|KEY$|TOKEN$", key)
    done = subprocess.run(
        ["bash", DEPLOY / "prepare-secrets.sh", tmp_path / "s"], check=True, capture_output=True, text=True
    )
    made = {path.name for path in (tmp_path / "s").iterdir()}
    assert {Path(secret["file"]).name for secret in compose["secrets"].values()} == made
    password = (tmp_path / "s" / "database_password").read_text()
    assert len(password) == 40
    assert password not in done.stderr
    assert password in (tmp_path / "s" / "database_url").read_text()
    assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o700
    subprocess.run(["bash", DEPLOY / "prepare-secrets.sh", tmp_path / "s"], check=True, capture_output=True)
    assert (tmp_path / "s" / "database_password").read_text() == password


def test_the_database_is_reached_by_vigie_alone_and_reaches_nothing(compose):
    assert compose["services"]["postgres"]["networks"] == ["store"]
    assert compose["networks"]["store"]["internal"] is True
    assert "ports" not in compose["services"]["postgres"]
    assert all(port.startswith("127.0.0.1:") for port in compose["services"]["gateway"]["ports"])


def test_the_gateway_starts_once_the_store_is_upgraded(compose):
    services = compose["services"]
    assert services["gateway"]["depends_on"]["upgrade"] == {"condition": "service_completed_successfully"}
    assert services["upgrade"]["depends_on"]["postgres"] == {"condition": "service_healthy"}
    assert_command_exists(services["upgrade"]["command"])


def test_the_secrets_of_a_checkout_are_never_committed():
    assert "secrets/" in (DEPLOY / ".gitignore").read_text("utf-8").split()


def test_compose_and_image_name_the_same_places(compose):
    environment = " ".join(rest for name, rest in stages()[1] if name == "ENV")
    mounts = [volume.split(":")[1] for volume in compose["services"]["gateway"]["volumes"]]
    assert mounts == ["/etc/vigie", "/var/lib/vigie"]
    assert all(f"={mount}" in environment for mount in mounts)
    assert compose["services"]["gateway"]["build"]["dockerfile"] == "deploy/Containerfile"


# ── systemd ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_units_commands_exist(unit):
    text = (DEPLOY / "vigie.service").read_text("utf-8")
    commands = re.findall(r"^Exec\w+=(.+)$", text, re.MULTILINE)
    assert len(commands) == 3
    for line in commands:
        program, *words = shlex.split(line)
        assert program == "/opt/vigie/bin/vigie"
        assert_command_exists(words)


def test_the_unit_writes_only_its_own_state(unit):
    service = unit["Service"]
    assert service["ProtectSystem"] == "strict"
    assert service["StateDirectory"] == "vigie"
    assert service["StateDirectoryMode"] == "0700"
    assert service["NoNewPrivileges"] == "yes"
    assert service["CapabilityBoundingSet"] == ""
    assert service["LimitCORE"] == "0", "a core file would hold prompts"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_reads_the_unit_without_a_complaint_and_finds_it_little_exposed(tmp_path):
    program = tmp_path / "vigie"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copy = tmp_path / "vigie.service"
    copy.write_text((DEPLOY / "vigie.service").read_text("utf-8").replace("/opt/vigie/bin/vigie", str(program)))
    environment = {**os.environ, "SYSTEMD_COLORS": "0", "SYSTEMD_UTF8": "0"}
    read = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", copy], check=False, capture_output=True, text=True, env=environment
    )
    assert read.returncode == 0, read.stderr
    assert "vigie.service" not in read.stderr, read.stderr
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=15", copy],
        check=False, capture_output=True, text=True, env=environment,
    )  # fmt: skip
    assert rated.returncode == 0, rated.stdout[-500:]
