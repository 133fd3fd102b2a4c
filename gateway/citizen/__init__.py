"""What anybody may ask: was this text issued by this body, and who answers for it?

`pages` are the endpoints (`/verify`, `/v1/provenance/verify`, `/badge.svg`, the key set), `saying` what they say, pure,
`drawing` the badge and the QR code. They say nothing of a short text, nothing of a system that the register keeps from
them, and never a word of what was issued. Pages need no script, no font and no host but this one. May import everything
below; nothing but the composition root imports it.
"""

from gateway.citizen.pages import ROUTES

__all__ = ["ROUTES"]
