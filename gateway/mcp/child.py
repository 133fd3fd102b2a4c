"""An MCP server run here, spoken to over its standard input and output (stdio). *Edge*.

The SDK's own stdio client hands down a part of our environment, reads lines without a bound, and shows the child's
errors on ours; so this is another one, for the same streams. The child has the environment of its entry and nothing else,
a process group of its own, and ends with its connection: its input is closed, then it is asked, then it is killed.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import anyio
import mcp_types
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage

from gateway.config import McpServer, secret
from gateway.errors import Message
from gateway.mcp.faults import not_ready

PATIENCE_S = 1.0
Streams = tuple[MemoryObjectReceiveStream[SessionMessage | Exception], MemoryObjectSendStream[SessionMessage]]


@asynccontextmanager
async def child(server: McpServer) -> AsyncIterator[Streams]:
    """Start the server's program, and stop it at the end. Raises a `ServerFault` if it cannot start."""
    process = await _started(server)
    assert process.stdin is not None
    assert process.stdout is not None
    into, messages = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    written, outgoing = anyio.create_memory_object_stream[SessionMessage](0)

    async def read(stdout: asyncio.StreamReader) -> None:
        async with into:
            with suppress(
                ValueError, anyio.ClosedResourceError, anyio.BrokenResourceError
            ):  # ValueError: over the bound
                while line := await stdout.readline():
                    message = _parsed(line)
                    if message is not None:
                        await into.send(message)

    async def write(stdin: asyncio.StreamWriter) -> None:
        with suppress(OSError, anyio.ClosedResourceError):
            async for one in outgoing:
                stdin.write(one.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n")
                await stdin.drain()
        await into.aclose()  # a child that takes nothing any more: whoever waits is told

    tasks = [asyncio.create_task(read(process.stdout)), asyncio.create_task(write(process.stdin))]
    try:
        yield messages, written
    finally:
        for task in tasks:
            task.cancel()
        for stream in (messages, written, into, outgoing):
            stream.close()
        await asyncio.shield(asyncio.create_task(stop(process)))


async def stop(process: asyncio.subprocess.Process) -> None:
    """Close its input, then ask, then kill, it and everything it started; each within `PATIENCE_S`."""
    if process.stdin is not None:
        process.stdin.close()
    for how in (None, signal.SIGTERM, signal.SIGKILL):
        if how is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, how)
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await process.wait()
                break
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)  # what it left behind in its group


async def _started(server: McpServer) -> asyncio.subprocess.Process:
    assert server.command is not None
    program = shutil.which(server.command)
    if program is None:
        raise not_ready(
            Message(
                f"Le programme du serveur MCP {server.id} est introuvable.",
                f"The program of the MCP server {server.id} cannot be found.",
            )
        )
    environment = {name: secret(reference) for name, reference in server.env.items()}
    try:
        return await asyncio.create_subprocess_exec(
            program,
            *server.args,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # it may say anything, and our logs may not
            env=environment,
            start_new_session=True,
            limit=server.max_result_bytes,
        )
    except OSError:
        raise not_ready(
            Message(
                f"Le programme du serveur MCP {server.id} ne démarre pas.",
                f"The program of the MCP server {server.id} does not start.",
            )
        ) from None


def _parsed(line: bytes) -> SessionMessage | None:
    """A line as a message; what is none is left out, since nobody could be told of it without its words."""
    try:
        return SessionMessage(mcp_types.jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError:
        return None
