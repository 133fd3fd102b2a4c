"""The label of an answer on its way: the sentence, the field of the envelope, what is signed, recorded and kept of it.

In the order of a call: `opening` and `envelope` while the answer is made, `sign` once its texts are final, the record, then
`keep`. An answer that is cut before its end is not signed: its label says already that it is generated.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gateway.parts import Parts
from gateway.stages import Governed
from gateway.trace import Trace, timestamp
from gateway.transparency import Issued, contents_of, envelope, sentence


class Labelled:
    """One answer's. Without a label (embeddings), nothing."""

    def __init__(self, governed: Governed, parts: Parts, trace: Trace) -> None:
        self._governed, self._parts, self._trace = governed, parts, trace
        self._issued: Issued | None = None
        self._manifest: str | None = None
        if governed.label is not None:
            trace.label = governed.label.id

    @property
    def opening(self) -> str | None:
        """The visible sentence, where the register asks for one; the wire puts it first, and never into JSON."""
        label = self._governed.label
        if label is None or not label.visible or self._governed.call.wants_json:
            return None
        return sentence(label, self._trace.decision)

    @property
    def envelope(self) -> dict[str, Any] | None:
        """The additive field `vigie`; its manifest is null until `sign`."""
        label = self._governed.label
        return envelope(self._trace.decision, label, self._manifest) if label is not None else None

    def sign(self, texts: Iterable[str]) -> str | None:
        """The signed manifest of the texts as they are delivered, one for each choice. The record gets keyed hashes of them."""
        governed, label = self._governed, self._governed.label
        if label is None:
            return None
        body = governed.configuration.register.body.id
        moment = timestamp(self._parts.clock())
        self._issued = Issued(
            self._trace.decision, body, governed.system.id, governed.call.model, moment, label, contents_of(texts)
        )
        self._manifest = self._parts.provenance.manifest_of(self._issued)
        self._trace.texts = self._parts.provenance.sealed(self._issued)
        return self._manifest

    def keep(self) -> None:
        """From now on the texts can be recognised. To be called once the record is durable."""
        if self._issued is not None and self._manifest is not None:
            public = self._governed.system.label.public
            self._parts.provenance.keep(self._issued, self._manifest, opening=self.opening or "", public=public)
