"""Personal data: finding it, replacing it, putting it back. Presidio does the finding, in processes of its own.

`analyser` is the asynchronous side, which remembers findings by keyed hash; `processes` and `worker` are the template
with the models and the workers forked from it; `recognition` is Presidio as set up there, with `recognizers` for formats
and `names` (with `capitals`, `loose`, `cues`, `gazetteer`) for persons. `placeholders` is the form of what stands for a
value, `numbering` says which, and `pseudonyms` replaces and restores; `embedded` does it inside JSON in the texts of a
request, and `histories` remembers what was done to those of a conversation. An answer goes through a `guard`, whole or in
pieces: `segments` cuts it (into what `strands` declares), by the words of `vocabulary`; `json_text` reads JSON in it.
All but `analyser`, `guard`, `histories`, `processes` and `worker` are pure. May import `config`, `policies` and `errors`.
Promise 6: nothing here stores a value.
"""

from gateway.privacy.analyser import Analyser, AnalyserUnavailable, open_analyser
from gateway.privacy.embedded import Opened
from gateway.privacy.findings import Finding
from gateway.privacy.guard import StreamGuard
from gateway.privacy.histories import Histories
from gateway.privacy.pseudonyms import Protected, Restorer, protect

__all__ = [
    "Analyser",
    "AnalyserUnavailable",
    "Finding",
    "Histories",
    "Opened",
    "Protected",
    "Restorer",
    "StreamGuard",
    "open_analyser",
    "protect",
]
