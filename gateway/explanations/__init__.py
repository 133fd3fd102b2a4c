"""Explanations of a decision, for the person concerned, a supervisor or an auditor (principle 8).

`explained` makes an `Explanation` of a decision's records and the policy version that they name: pure, recomputed, nothing
guessed. `sentences` has the words, `telling` says it to a reader as JSON, `prose` as text, `answer` as a draft answer to a
request under section 65.2; `reading` fetches the records from a store or a bundle. May import `audit`, `config`,
`policies`, `errors`. Nothing here comes from a model: what a model says of itself is not a cause.
"""

from gateway.explanations.answer import answer
from gateway.explanations.explained import Explanation, explain, explain_facts
from gateway.explanations.prose import prose
from gateway.explanations.reading import explanation_of, explanation_of_bundle
from gateway.explanations.telling import Named, Reader, Telling, told

__all__ = [
    "Explanation",
    "Named",
    "Reader",
    "Telling",
    "answer",
    "explain",
    "explain_facts",
    "explanation_of",
    "explanation_of_bundle",
    "prose",
    "told",
]
