"""Labels: what an AI-generated answer says of itself, to machines and to people. *Data* and decisions.

A header (RFC 9651 structured field), an additive field of the JSON envelope, and a sentence in French (or French and
English, with its ground) where the register asks for one. Where the sentence may stand is the wire's business. May
import `config` and `errors`.
"""

from gateway.transparency.labels import Label, envelope, header, label_for, sentence

__all__ = ["Label", "envelope", "header", "label_for", "sentence"]
