"""Labels, signed manifests and their verification: what an AI-generated answer says of itself, and how anybody checks it.

`labels` chooses one and gives its three forms: a header (RFC 9651), a field of the JSON envelope, and a sentence where the
register asks for one; where the sentence may stand is the wire's business. `manifests` signs what was `delivered`.
`comparable`, `fingerprints` and `presented` say when two texts are one; `keeping` and `recognising` are the store's two
sides of that, and `provenance` is the door to all of it for a call and for the pages. May import `config`, `storage`,
`audit` and `errors`. Promise 9: a label is true and stays; "reviewed by a person" comes from an approval record alone.
"""

from gateway.transparency.delivered import Content, contents_of
from gateway.transparency.labels import Label, badge, envelope, header, label_for, sentence, sentences
from gateway.transparency.limits import Limits
from gateway.transparency.manifests import Issued, ManifestSigner, NotAManifest, key_set
from gateway.transparency.presented import Presented, label_patterns, presented, reference_of
from gateway.transparency.provenance import Provenance, rotate
from gateway.transparency.recognising import LEAST_PASSAGES, LEAST_SHARE, Found, Origin, Verdict

__all__ = [
    "LEAST_PASSAGES",
    "LEAST_SHARE",
    "Content",
    "Found",
    "Issued",
    "Label",
    "Limits",
    "ManifestSigner",
    "NotAManifest",
    "Origin",
    "Presented",
    "Provenance",
    "Verdict",
    "badge",
    "contents_of",
    "envelope",
    "header",
    "key_set",
    "label_for",
    "label_patterns",
    "presented",
    "reference_of",
    "rotate",
    "sentence",
    "sentences",
]
