"""What went wrong, for a person at a terminal: one line and a hint on stderr, French first, never a traceback."""

from __future__ import annotations

import click

from gateway.errors import Fault, Message, VigieError


def say_error(error: VigieError) -> None:
    """One line, and what to do about it."""
    click.echo(f"vigie: {error.message.fr} ({error.message.en}) [{error.code}]", err=True)
    if error.hint is not None:
        click.echo(f"  → {error.hint.fr} ({error.hint.en})", err=True)


def in_words(error: Exception) -> VigieError:
    """Any error as one of ours. Of one that nobody foresaw: its type and the place, not its message (it may quote)."""
    if isinstance(error, VigieError):
        return error
    if isinstance(error, OSError):
        where, why = error.filename or "?", error.strerror or type(error).__name__
        return Fault(
            Message(f"Fichier ou dossier inutilisable\u00a0: {where}\u00a0: {why}.", f"Cannot use {where}: {why}."),
            Message("Vérifier le chemin, les droits et l'espace.", "Check the path, its permissions and the space."),
            code="file_unusable",
        )
    from gateway.telemetry.logs import places_of

    place = (places_of(error) or ["?"])[-1]
    return Fault(
        Message(f"Erreur imprévue\u00a0: {type(error).__name__}, {place}.", f"Unexpected: {type(error).__name__}."),
        Message("Le signaler avec cette ligne.", "Report it with this line."),
        code="internal_error",
        status=500,
    )
