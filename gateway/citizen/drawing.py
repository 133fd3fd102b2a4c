"""The badge and the QR code, as SVG. *Decisions*, pure."""

from __future__ import annotations

import io
from xml.sax.saxutils import escape, quoteattr

import segno

ICON = 26
CHARACTER = 7.1
"""Width of an average character of the badge's letters; the text is stretched to what is made for it."""


def badge(text: str, language: str) -> str:
    """A badge: black on white with a border, readable at any size, its words in the image's name for those who cannot see."""
    width = round(ICON + 12 + CHARACTER * len(text))
    letters = round(CHARACTER * len(text))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="28" viewBox="0 0 {width} 28" role="img"'
        f" lang={quoteattr(language)} aria-label={quoteattr(text)}><title>{escape(text)}</title>"
        f'<rect x=".75" y=".75" width="{width - 1.5}" height="26.5" rx="4" fill="#fff" stroke="#095797" stroke-width="1.5"/>'
        '<path d="M14 6l1.9 5.1L21 13l-5.1 1.9L14 20l-1.9-5.1L7 13l5.1-1.9z" fill="#095797"/>'
        f'<text x="{ICON}" y="18.5" textLength="{letters}" lengthAdjust="spacingAndGlyphs" font-size="13"'
        f' font-family="system-ui, sans-serif" fill="#223654">{escape(text)}</text></svg>'
    )


def qr_code(address: str) -> bytes:
    """A QR code that leads to `address`, with the quiet zone that scanners need."""
    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        out, kind="svg", scale=4, border=4, light="#fff", dark="#000", title="QR", xmldecl=False
    )
    return out.getvalue()
