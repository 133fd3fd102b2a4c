"""`mcp.yaml`: the MCP servers behind `/mcp/{server}`, who may use them, and within which bounds. *Data* and its checks."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Self

from pydantic import Field, model_validator

from gateway.config.models import Catalogue, Operator, Processing, Register
from gateway.config.problems import Problem, Wrong
from gateway.config.reading import Document, Loc
from gateway.config.shapes import Id, Secret, Strict
from gateway.errors import Message

MCP = "mcp.yaml"


class ToolNames(Strict):
    """Which of a server's tools exist at all for applications. `*` and `?` stand for any characters; `deny` wins."""

    allow: tuple[str, ...] = ("*",)
    deny: tuple[str, ...] = ()

    def admit(self, tool: str) -> bool:
        """Whether a tool of this name may be seen and called, as far as these lists go."""
        return any(fnmatchcase(tool, one) for one in self.allow) and not any(
            fnmatchcase(tool, one) for one in self.deny
        )


class McpServer(Strict):
    """An MCP server: reached at a URL (streamable HTTP), or run here as a child process (stdio)."""

    id: Id
    enabled: bool = True
    url: str | None = Field(None, pattern=r"^https?://[^\s/?#@]+(/[^\s#]*)?$", description="streamable HTTP endpoint")
    headers: dict[str, Secret] = Field(default_factory=dict, description="with url: headers to send, by reference")
    command: str | None = Field(None, min_length=1, description="a program to run (stdio), by path or by name in PATH")
    args: tuple[str, ...] = Field((), description="with command; never a secret: other users of the machine see them")
    env: dict[str, Secret] = Field(
        default_factory=dict, description="with command: the program's whole environment, by reference, e.g. env:PATH"
    )
    systems: tuple[Id, ...] = Field(min_length=1, description="systems of the register that may use it")
    tools: ToolNames = ToolNames()
    resources: bool = Field(True, description="its resources may be listed and read")
    prompts: bool = Field(True, description="its prompts may be listed and got, and arguments completed")
    operator: Operator | None = Field(None, description="who operates it, and whose laws reach them; null: unknown")
    processing: Processing | None = Field(None, description="where it processes; null: unknown, the worst case")
    timeout_s: float = Field(60, gt=0, le=3600, description="longest wait for one answer of it, and for it to start")
    max_result_bytes: int = Field(1024 * 1024, ge=1024, description="bytes of one answer of it")
    concurrent: int = Field(16, ge=1, description="requests to it under way at once; more are refused")
    connections: int = Field(16, ge=1, le=1024, description="connections (with command: processes), one a session")
    idle_s: float = Field(300, gt=0, description="a connection that served nothing for so long is closed")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.url is None) == (self.command is None):
            raise Wrong("donner url ou command, l'un des deux", "give url or command, one of them")
        if self.url is not None and (self.args or self.env):
            raise Wrong("args et env vont avec command", "args and env go with command")
        if self.command is not None and self.headers:
            raise Wrong("headers va avec url", "headers goes with url")
        return self

    @property
    def place(self) -> str:
        """Where it processes, as policy sees it: a subdivision (CA-QC), a country (US), or "unknown"."""
        return "unknown" if self.processing is None else self.processing.subdivision or self.processing.country


class McpFile(Strict):
    """`mcp.yaml`. It may be absent: then there is no MCP server."""

    origins: tuple[str, ...] = Field((), description="Origin headers admitted (browsers); none by default")
    hosts: tuple[str, ...] = Field((), description="Host headers admitted, port included; empty: any")
    leave_grace_s: float = Field(
        30, ge=0, description="how long a held call outlives a client that left, for its retry to join"
    )
    servers: tuple[McpServer, ...] = ()

    def server(self, name: str) -> McpServer | None:
        """The enabled server of this id, or None."""
        return next((one for one in self.servers if one.id == name and one.enabled), None)


def check_servers(file: McpFile, register: Register, catalogue: Catalogue, document: Document) -> Iterable[Problem]:
    """What the servers say of the register. Ids share one space with deployments: a halt names either."""
    systems = {one.id for one in register.systems}
    taken = {one.id for one in catalogue.deployments}
    for index, server in enumerate(file.servers):
        loc: Loc = ("servers", index)
        if server.id in taken:
            said = Message(
                f"{server.id} est déjà un déploiement ou un serveur.", f"{server.id} is a deployment or server already."
            )
            rename = Message(
                "En renommer un\u00a0: un arrêt «\u00a0deployment:…\u00a0» vise l'un ou l'autre.",
                "Rename one of them: a halt 'deployment:…' names either.",
            )
            yield document.problem((*loc, "id"), said, rename)
        taken.add(server.id)
        for at, name in enumerate(server.systems):
            if name not in systems:
                listed = ", ".join(sorted(systems)) or "—"
                yield document.problem(
                    (*loc, "systems", at),
                    Message(f"Système inconnu\u00a0: {name}.", f"Unknown system: {name}."),
                    Message(f"Connus\u00a0: {listed}.", f"Known: {listed}."),
                )
