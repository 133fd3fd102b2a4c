"""`vigie …`: the command line. *Edge*. Exit 0 done, 1 found something, 2 usage; errors on stderr, one line and a hint.

Each command lives in the module named after it; this one only gathers them.
"""

from __future__ import annotations

from typing import ClassVar

import click

from gateway import __version__
from gateway.cli.errors import in_words, say_error


class Vigie(click.Group):
    """Loads a command's module when it is asked for, and turns our errors into one line and a hint."""

    modules: ClassVar[dict[str, str]] = {
        "audit": "audit",
        "check": "check",
        "content": "content",
        "db": "db",
        "demo": "demo",
        "halt": "halt",
        "holds": "holds",
        "key": "key",
        "policy": "policy",
        "report": "report",
        "resume": "resume",
        "scan": "scan",
        "serve": "serve",
    }

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in self.modules:
            return None
        from importlib import import_module

        module = import_module(f"gateway.cli.{self.modules[cmd_name]}")
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise  # click's own business
        except Exception as error:  # noqa: BLE001 - a person is not shown a traceback
            say_error(in_words(error))
            ctx.exit(1)


@click.group(cls=Vigie, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="vigie")
def main() -> None:
    """Vigie : passerelle de gouvernance pour les appels d'IA. A governance gateway for AI calls."""
