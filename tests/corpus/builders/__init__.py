"""The builders, by field. Importing this package registers them all."""

from tests.corpus.builders import data, emails, forms, health, letters, prompts

__all__ = ["data", "emails", "forms", "health", "letters", "prompts"]
