"""Nothing at run time reaches beyond the loopback, whatever the library, the language or the process that would.

Audit hooks (tests/conftest.py) see Python's own sockets; uvloop's, and those of child processes, they do not. So here
the real commands run in a network namespace whose only way out is a cable to nowhere, and the packets on that cable are
counted: addresses looked up included, since the namespace's name server is at the far end.
"""

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[2]
ELSEWHERE = "10.255.255.77"  # on the cable; nobody answers there

NAMESPACE = """
set -eu
echo "nameserver 10.255.255.53" > "$1/resolv.conf"
mount --bind "$1/resolv.conf" /etc/resolv.conf
for one in all default; do echo 1 > /proc/sys/net/ipv6/conf/$one/disable_ipv6 || true; done
ip link set lo up
ip link add out0 type veth peer name out1
ip addr add 10.255.255.1/24 dev out0
ip link set out1 up
ip link set out0 up
ip route add default via 10.255.255.254
before=$(awk '/out0:/ {print $11}' /proc/net/dev)
shift
code=0
"$@" || code=$?
after=$(awk '/out0:/ {print $11}' /proc/net/dev)
echo "packets: $((after - before))" >&2
exit $code
"""


def run_on_a_cable_to_nowhere(folder, *command, text=None, timeout=100):
    """(exit code, stdout, stderr, packets that tried to leave)"""
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(
        ["unshare", "-r", "--net", "--mount", "sh", "-c", NAMESPACE, "namespace", folder, *map(str, command)],
        cwd=HERE, env=environment, input=text, check=False, capture_output=True, text=True, timeout=timeout,
    )  # fmt: skip
    *_, last = done.stderr.strip().splitlines() or [""]
    if not last.startswith("packets: "):
        raise RuntimeError(done.stderr)
    return done.returncode, done.stdout, done.stderr, int(last.removeprefix("packets: "))


def namespaces_work():
    if not all(map(shutil.which, ["unshare", "ip", "mount"])):
        return False
    try:
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            return run_on_a_cable_to_nowhere(folder, "true", timeout=10)[3] == 0
    except (RuntimeError, subprocess.SubprocessError):
        return False


pytestmark = pytest.mark.skipif(not namespaces_work(), reason="this machine makes no network namespaces")


def python(program):
    return [sys.executable, "-c", textwrap.dedent(program)]


@pytest.mark.parametrize(
    "program",
    [
        f"import socket; s = socket.socket(); s.settimeout(1); s.connect_ex(('{ELSEWHERE}', 443))",
        "import socket\ntry: socket.create_connection(('exemple.quebec', 443), 1)\nexcept OSError: pass",
        f"""
        import asyncio, uvloop
        async def main():
            try:
                async with asyncio.timeout(1):
                    await asyncio.open_connection("{ELSEWHERE}", 443)
            except (OSError, TimeoutError):
                pass
        uvloop.run(main())
        """,
    ],
    ids=["a socket", "a name", "uvloop"],
)
def test_the_cable_notices_whoever_tries(tmp_path, program):
    """The detector itself: without this, a test that finds nothing would prove nothing."""
    assert run_on_a_cable_to_nowhere(tmp_path, *python(program))[3] > 0


def test_scanning_mail_and_web_addresses_fetches_no_suffix_list(tmp_path):
    line = '{"id": "1", "text": "Écrire à marie.tremblay@exemple.quebec ou voir https://www.exemple.quebec/permis"}\n'
    vigie = [sys.executable, "-m", "gateway.cli", "scan"]
    code, out, err, packets = run_on_a_cable_to_nowhere(tmp_path, *vigie, text=line)
    assert code == 0, err
    assert "EMAIL_ADDRESS" in out
    assert packets == 0


def test_the_whole_story_of_the_demonstration_stays_on_this_machine(tmp_path):
    """Start, policy, analyser, provider, streams, ledger: `vigie demo` uses them all."""
    code, out, err, packets = run_on_a_cable_to_nowhere(tmp_path, sys.executable, "-m", "gateway.cli", "demo")
    assert code == 0, out[-2000:] + err[-2000:]
    assert packets == 0
