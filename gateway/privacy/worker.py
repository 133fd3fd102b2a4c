"""The processes that look: one template that loads the models once, and workers forked from it. *Edge*.

The template is single-threaded and never looks at a text. It loads, freezes what it has so that workers share its memory,
says so on its standard output, then forks a worker for each socket that it is sent on its control socket; it reaps those
that die, and when the gateway closes the control socket it ends them all, then itself.

A worker answers on its socket, until the socket is closed. A message is a 4-byte big-endian length and JSON: first its
process id from the worker; then a list of [text, language or null] from the gateway for a list of findings a text from
the worker, null for a text that could not be looked at.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import orjson

from gateway.privacy.recognition import Recognition, Spans

WARM = (
    "Bonjour, je suis Hrvoje Petkovski, de Trois-Rivières.",
    "Hello, my colleague Hrvoje Petkovski lives in Sutton.",
)


def main() -> None:
    """`worker SETTINGS FD`: be the template."""
    settings, control = orjson.loads(sys.argv[1]), socket.socket(fileno=int(sys.argv[2]))
    out = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a library that prints cannot break the protocol
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for the gateway, which then closes the socket
    recognition = Recognition(
        tuple(settings["languages"]),
        ner=settings["ner"],
        threshold=settings["threshold"],
        keep_public=settings["public_functions"] == "keep",
        own=Path(settings["own"]) if settings["own"] is not None else None,
    )
    recognition.find(WARM)
    gc.collect()
    gc.freeze()
    os.write(out, b"\n")
    os.close(out)
    template(control, recognition)


def template(control: socket.socket, recognition: Recognition) -> None:
    """Fork a worker for each socket that comes, reap the dead, until the control socket is closed."""
    wake, woken = socket.socketpair()
    woken.setblocking(False)
    wake.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(woken.fileno(), warn_on_full_buffer=False)
    children: set[int] = set()
    while True:
        readable, _, _ = select.select([control, wake], [], [])
        if wake in readable:
            wake.recv(4_096)
            _reap(children)
        if control in readable:
            message, files, _, _ = socket.recv_fds(control, 1, 1)
            if not message:
                break
            child = os.fork()
            if child == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for one in (control, wake, woken):
                    one.close()
                _work(socket.socket(fileno=files[0]), recognition)
            children.add(child)
            os.close(files[0])
    for child in children:
        os.kill(child, signal.SIGKILL)  # not reaped yet, so the number is still theirs
    for child in children:
        os.waitpid(child, 0)


def _reap(children: set[int]) -> None:
    while children:
        child, _ = os.waitpid(-1, os.WNOHANG)
        if child == 0:
            return
        children.discard(child)


def _work(link: socket.socket, recognition: Recognition) -> None:
    """Be a worker; does not return."""
    status = 1
    try:
        with link.makefile("rb") as into, link.makefile("wb") as out:
            _write(out, os.getpid())
            while len(header := into.read(4)) == 4:
                asked = orjson.loads(into.read(int.from_bytes(header, "big")))
                _write(out, answers(recognition, [one[0] for one in asked], [one[1] for one in asked]))
        status = 0
    except (BrokenPipeError, ConnectionResetError):
        status = 0  # the gateway is gone
    finally:
        os._exit(status)


def answers(recognition: Recognition, texts: Sequence[str], languages: Sequence[str | None]) -> list[Spans | None]:
    """Findings of each text; None for one on which looking fails, so that its neighbours do not fail with it."""
    try:
        return list(recognition.find(texts, languages))
    except Exception:  # noqa: BLE001 - whatever it is, the text was not looked at, and that is what is said
        if len(texts) == 1:
            return [None]
        return [answers(recognition, [text], [spoken])[0] for text, spoken in zip(texts, languages, strict=True)]


def _write(out: IO[bytes], value: Any) -> None:
    message = orjson.dumps(value)
    out.write(len(message).to_bytes(4, "big") + message)
    out.flush()


if __name__ == "__main__":
    main()
