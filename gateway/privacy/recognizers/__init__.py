"""Identifiers, coordinates and secrets, found by their format, their check digits and the words around them.

One module a kind of value, each with its source. A text is read once (`view`), each recognizer gives candidates with
a score, and `identify` keeps one finding for each region; what is not personal (an enterprise's number, a UUID, an
office's telephone) is recognised too, so that it is not taken for something else. Pure, and fast enough to run on
every text: no model is loaded. `recognizers` gives the same as Presidio recognizers, `from_yaml` those that an
officer wrote. May import `privacy.findings`.
"""

from gateway.privacy.recognizers.presidio import from_yaml, recognizers
from gateway.privacy.recognizers.regions import ENTITIES, NOT_PERSONAL, THRESHOLD, identify, survey

__all__ = ["ENTITIES", "NOT_PERSONAL", "THRESHOLD", "from_yaml", "identify", "recognizers", "survey"]
