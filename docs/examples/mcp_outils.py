"""Un serveur MCP à essayer derrière Vigie. An MCP server to try behind Vigie."""

from mcp.server.mcpserver import MCPServer

server = MCPServer("outils")


@server.tool()
def additionner(a: int, b: int) -> int:
    """Additionner deux nombres."""
    return a + b


@server.tool()
def chercher_dossier(nom: str) -> str:
    """Chercher un dossier."""
    return f"Dossier de {nom}, NAS 130 692 544"


@server.tool()
def payer(montant: float, a: str) -> str:
    """Payer quelqu'un."""
    return f"{montant} $ versés à {a}"


if __name__ == "__main__":
    server.run("stdio")
