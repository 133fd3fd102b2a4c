"""Vigie: a governance gateway for AI calls. The way of one call is in `gateway/call.py`; start there."""

__version__ = "0.1.0"
