"""The MCP door, `/mcp/{server}`: the tools of registered MCP servers, governed like any other action.

`rpc` reads and writes JSON-RPC and knows what each revision of the protocol (2026-07-28, 2025-11-25) asks for, pure;
`sessions` signs session ids, so that nothing is kept for them; `showing` says which tools a system is shown, pure;
`results` guards what a server answers; `governing` is the way of one request, to be read from top to bottom (`visiting`: what
is known of it so far; `saying`: what its refusals say); `answering` is what the gateway answers itself; `door` is the HTTP
edge: it waits, keeps the connection alive and notices a client that leaves. `servers` owns the connections to the servers
(`upstream`), which go through `through` (the one door out) or to a child process (`child`).

May import the pillars and what puts their values together, never `call`. Promises 1, 2, 3, 7 and 8 hold here as on /v1: an
action is recorded before it leaves, and its outcome before its result arrives. The MCP SDK costs 0.3 s and 20 MB, so
only `door` and what is behind it import it, and `Door` imports those once a server is configured.
"""

from gateway.mcp.house import Door, Kept
from gateway.mcp.servers import Servers

__all__ = ["Door", "Kept", "Servers"]
