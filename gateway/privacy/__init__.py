"""Personal data: finding it, replacing it, putting it back. Presidio does the finding, in processes of its own.

`analyser` is the asynchronous side, which remembers findings by keyed hash; `worker` is the process with the models;
`pseudonyms` replaces and restores, pure; `guard` does the same on text that arrives in pieces; `embedded` opens JSON
that stands in a text. May import `config`, `policies` and `errors`. Promise 6: nothing here stores a value.
"""

from gateway.privacy.analyser import Analyser, AnalyserUnavailable, open_analyser
from gateway.privacy.embedded import Opened
from gateway.privacy.findings import Finding
from gateway.privacy.guard import StreamGuard
from gateway.privacy.pseudonyms import Protected, Restorer, protect

__all__ = [
    "Analyser",
    "AnalyserUnavailable",
    "Finding",
    "Opened",
    "Protected",
    "Restorer",
    "StreamGuard",
    "open_analyser",
    "protect",
]
