"""The output stage: what a model says passes a guard, text by text, and policy is asked of what is found in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from gateway import situation
from gateway.parts import Parts
from gateway.policies import Decision, Effect, Facts, Stage
from gateway.privacy import Restorer, StreamGuard
from gateway.stages import Governed, decide
from gateway.trace import Trace
from gateway.wire.answers import Channel


def guards_of(
    governed: Governed, restorer: Restorer, effects: OutputEffects, parts: Parts
) -> Callable[[Channel], StreamGuard]:
    """A guard for each text of an answer, whole or streamed."""

    def guard_for(_channel: Channel) -> StreamGuard:
        return StreamGuard(restorer, parts.analyser, effects.of_one_text(), known=governed.protected.holds)

    return guard_for


class OutputEffects:
    """The output stage, asked again at each finding; the last answer, on all that was found, is what is recorded.

    What becomes of a finding depends on those before it in the same text, so that it does not matter how the texts of a
    streamed answer arrive among each other; what cuts the answer depends on all of them. Beyond a hundred findings their
    count goes in steps of a tenth, so that a text full of them is not ten thousand decisions.
    """

    def __init__(self, governed: Governed, parts: Parts, trace: Trace) -> None:
        self._governed, self._parts, self._trace = governed, parts, trace
        self._found: Counter[str] = Counter()

    def of_one_text(self) -> Callable[[Sequence[str]], Mapping[str, Effect]]:
        """For one text: given one type for each new finding, what to do with each type. Raises `Denied`, which cuts."""
        own: Counter[str] = Counter()

        def effects(types: Sequence[str]) -> Mapping[str, Effect]:
            own.update(types)
            self._found.update(types)
            if self._decision(self._found).effect is Effect.DENY:
                self.settle()
            return self._decision(own).transforms

        return effects

    def settle(self) -> None:
        """Record the output decision, once, on all that was found. Raises `Denied` if that is what it is."""
        decide(
            Stage.OUTPUT,
            self._facts(self._found, self._found.total()),
            self._governed.configuration,
            self._parts,
            self._trace,
        )

    def _decision(self, found: Counter[str]) -> Decision:
        count = found.total()
        step = max(1, 10 ** (len(str(count)) - 2))
        whole = {**self._trace.facts, **self._facts(found, count // step * step if count > 100 else count)}
        return self._parts.decisions.decide(self._governed.configuration.policy, Stage.OUTPUT, whole)

    def _facts(self, found: Counter[str], count: int) -> Facts:
        return {**situation.output_facts(found, found), "output.count": count}
