"""Lives of one gateway, each forked from a process that has imported everything: a start costs its own work and no imports.

A life is `vigie serve`'s own code on the given store, with the analyser's processes beside it. Only the loading of those is
taken from what was loaded once: their template is forked as well, instead of started. So a thousand lives take minutes.

    python -m tests.chaos.starter CONFIG DATA PORT        # then, on standard input: start, wait
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]


class Starter:
    """The process that forks, as its user sees it. One life at a time."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process, self.url = process, f"http://127.0.0.1:{port}"

    @classmethod
    async def open(cls, config: Path, data: Path) -> Self:
        """Import everything; returns once it has. What lives say goes to `gateway.log` beside the data."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with (data.parent / "gateway.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.chaos.starter", str(config), str(data), str(port),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log, cwd=ROOT,
            )  # fmt: skip
        starter = cls(process, port)
        await starter._line()
        return starter

    async def start(self) -> int:
        """Begin a life; its process id. Until `wait` has returned the id is this life's and nobody else's."""
        return int(await self._asked("start"))

    async def wait(self) -> int:
        """How the life ended, as `subprocess` says it: -9 if it was killed."""
        return int(await self._asked("wait"))

    async def close(self) -> None:
        """End the process that forks."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()

    async def _asked(self, what: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what}\n".encode())
        return await self._line()

    async def _line(self) -> str:
        assert self._process.stdout is not None
        async with asyncio.timeout(120):
            line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("the process that forks has ended; see gateway.log")
        return line.decode().strip()


# ── in the process that forks ─────────────────────────────────────────────────────────────────────────────────────


class Forked:
    """The template's process, forked: what `gateway.privacy.processes.Template` asks of it."""

    def __init__(self, pid: int) -> None:
        self.pid, self.returncode = pid, None

    async def wait(self) -> None:
        with suppress(ChildProcessError):
            await asyncio.to_thread(os.waitpid, self.pid, 0)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


def fork_template(recognition: Any) -> None:
    """Fork the analyser's template from here, where it is loaded; the next template that is asked for is this one."""
    from gateway.privacy import processes, worker

    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        ours.close()
        try:
            worker.template(theirs, recognition)
        finally:
            os._exit(0)
    theirs.close()
    load, prepared = processes.Template._load, [(Forked(child), ours)]

    async def loaded(template: Any) -> None:
        if prepared:
            template._process, template._control = prepared.pop()
        else:
            await load(template)

    processes.Template._load = loaded  # type: ignore[assignment, method-assign]


def live(port: int, recognition: Any) -> None:
    """Be a gateway; does not return."""
    status = 1
    try:
        fork_template(recognition)  # before there is a socket that it would keep, or a thread
        from gateway.cli.listening import bind
        from gateway.cli.serve import run

        status = 0 if run(bind("127.0.0.1", port), 1) else 1
    finally:
        os._exit(status)


def main() -> None:
    """Load, then fork as told."""
    from gateway.privacy.processes import ENVIRONMENT

    config, data, port = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    os.environ |= {"VIGIE_CONFIG": str(config), "VIGIE_DATA": str(data), **ENVIRONMENT}
    recognition = loaded(config, data)
    if threading.active_count() > 1 or len(list(Path("/proc/self/task").iterdir())) > 1:
        raise RuntimeError("a process with threads cannot be forked safely")
    gc.collect()
    gc.freeze()
    child = 0
    out = os.dup(1)
    os.dup2(2, 1)
    os.set_inheritable(out, False)
    os.write(out, b"loaded\n")
    while said := os.read(0, 16):
        if said == b"start\n":
            child = os.fork()
            if child == 0:
                os.close(out)
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                live(port, recognition)
            os.write(out, b"%d\n" % child)
        else:
            status, child = os.waitpid(child, 0)[1], 0
            os.write(out, b"%d\n" % os.waitstatus_to_exitcode(status))
    if child:  # whoever asked is gone
        os.kill(child, signal.SIGKILL)


def loaded(config: Path, data: Path) -> Any:
    """Everything that a life would import, imported; and what the analyser's template looks with."""
    import uvicorn.lifespan.on
    import uvicorn.loops.auto
    import uvicorn.protocols.http.httptools_impl  # noqa: F401

    import gateway.app
    import gateway.cli.listening
    from gateway.cli.places import prepare
    from gateway.cli.serve import uvicorn_config
    from gateway.config import load
    from gateway.privacy.recognition import Recognition
    from gateway.privacy.worker import WARM

    prepare(config, data).close()
    configuration = load(config)
    uvicorn_config(1)
    gateway.app.create(config, data)
    told = configuration.settings.privacy
    recognition = Recognition(
        tuple(told.languages), ner=told.ner, threshold=told.threshold, keep_public=told.public_functions == "keep",
        own=configuration.recognizers,
    )  # fmt: skip
    recognition.find(WARM)
    return recognition


if __name__ == "__main__":
    main()
