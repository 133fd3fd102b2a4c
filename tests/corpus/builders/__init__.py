"""The builders, by field. Importing this package registers them all."""

from tests.corpus.builders import (
    access,
    agents,
    cards,
    data,
    emails,
    forms,
    health,
    justice,
    letters,
    money,
    municipal,
    prompts,
    prose,
    scans,
    school,
    work,
)

__all__ = [
    "access",
    "agents",
    "cards",
    "data",
    "emails",
    "forms",
    "health",
    "justice",
    "letters",
    "money",
    "municipal",
    "prompts",
    "prose",
    "scans",
    "school",
    "work",
]
