"""A streamed answer of OpenAI's Responses, rewritten as it comes. *Pure but for its guards*, which may ask the analyser.

Each text of each item has a guard of its own; events are numbered and indexed anew, and what the last one repeats is put
together from what left before it. Three rules say what may leave when:

* an ending (of a text, a part, an item) waits until something else begins, and the last ones for `finish`: until its record
  is durable, no answer is complete;
* a call is gathered, since only a whole one can be decided on, and every item after it waits with it, so that the order of
  the items is the provider's, in which thoughts stand before the calls that they led to;
* of what tools do at the provider, only states leave as they happen; what was said to them and by them leaves with the item.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gateway.errors import Message
from gateway.wire.answers import Channel, Guard, GuardFor, annotated
from gateway.wire.calls import Call, ProviderBroke, Settled, ToolCall, written
from gateway.wire.responses_events import (
    ARGUMENTS,
    EVENTS_OF,
    IS_PROGRESS,
    PART_EVENT_OF,
    PART_EVENTS,
    TEXTS,
    Item,
    Part,
    at,
    broke,
    checked,
    failed,
    index_name,
    index_of,
    told,
)
from gateway.wire.responses_items import (
    CALLS,
    CHANNELS,
    HOLDERS,
    KEYS,
    WORDED,
    Json,
    Place,
    bare,
    call_field,
    call_of,
    counts,
    empty_part,
    finished,
    finished_part,
    guarded,
    head,
    is_item,
    other_part,
    proposal,
    said,
    settled_item,
    usage_of,
)
from gateway.wire.sse import Parser, encode

LONGEST = 32 * 1024 * 1024
"""The bound of an event: the first and the last repeat the whole request, the last the whole answer."""
ITEMS, PARTS = 512, 512


class ResponsesStream:
    """The provider's bytes in, the application's frames out."""

    def __init__(
        self,
        call: Call,
        guard_for: GuardFor,
        *,
        envelope: Json | None,
        opening: str | None,
        seen: Callable[[Json], None] | None = None,
    ) -> None:
        self._call, self._guard_for, self._envelope = call, guard_for, envelope
        self._opening, self._seen = opening, seen
        self._parser = Parser(LONGEST)
        self._items: dict[int, Item] = {}
        self._order: list[Item] = []
        self._begun, self._waiting = False, False
        self._number = self._count = 0
        self._out: list[Json] = []
        self._endings: list[Json] = []
        self._rest: list[Json] = []
        self._last: Json | None = None
        self._id = self._status = ""
        self.usage = (0, 0)

    async def feed(self, data: bytes) -> list[bytes]:
        """Frames that may leave now. Raises `ProviderBroke`, or what a guard raises."""
        for event in self._parser.feed(data):
            if event.data != b"[DONE]" and self._last is None:
                await self._event(checked(event.data))
        out, self._out = self._out, []
        return [self._frame(event) for event in out]

    def proposed(self) -> list[ToolCall]:
        """The tool calls of the whole answer. Raises `ProviderBroke` if the provider stopped before its end."""
        if self._last is None:
            raise ProviderBroke(
                Message(
                    "Le fournisseur a interrompu sa réponse avant la fin.",
                    "The provider stopped before the end of its answer.",
                ),
                Message("Réessayer.", "Retry."),
                code="provider_ended_early",
            )
        return [
            proposal(item, name, place)
            for place, item in enumerate(self._output())
            if (name := call_field(item)) is not None
        ]

    def settle(self, settled: Mapping[tuple[int, int], Settled]) -> None:
        """What becomes of each tool call: itself, or a message in its place; then what waited for it."""
        before: list[Json] = []
        for one in self._order:
            final = one.final
            assert final is not None
            place = one.place.position
            what = settled.get((0, place))
            if what is not None:
                final = one.final = settled_item(final, place, what, self._call, begun=bool(said(before)))
            self._rest += one.events if one.kind not in CALLS else told(final, place)
            before.append(final)

    def delivered(self) -> list[str]:
        """The text of the answer, as the stock client reads it."""
        return [said(self._output())]

    def finish(self, manifest: str | None = None) -> list[bytes]:
        """The events that complete the answer; the signed manifest is on the last."""
        assert self._last is not None
        response = head(self._last, self._call)
        response |= {"id": self._id, "status": self._status, "output": self._output(), "usage": usage_of(self._last)}
        label = {**(self._envelope or {}), **({"manifest": manifest} if manifest is not None else {})}
        if label:
            response["vigie"] = label
        last = {"type": f"response.{self._status}", "response": response}
        return [self._frame(event) for event in [*self._endings, *self._rest, last]]

    # ── what comes ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _event(self, event: Json) -> None:
        kind: str = event["type"]
        response = event.get("response")
        if isinstance(response, dict) and self._seen is not None:
            self._seen(response)
        if kind in ("error", "response.failed") or event.get("error") is not None:
            raise failed()
        if kind in ("response.completed", "response.incomplete"):
            await self._ended(response, kind.removeprefix("response."))
        elif kind in ("response.created", "response.in_progress"):
            self._opened(response if isinstance(response, dict) else {}, kind.removeprefix("response."))
        else:
            await self._of_an_item(event, kind)

    async def _of_an_item(self, event: Json, kind: str) -> None:
        """Whatever a server says of an item that is not here is left out."""
        name, _, what = kind.rpartition(".")
        if kind == "response.output_item.added":
            if event.get("item") is not None:  # some servers begin with nothing
                self._started(index_of(event, "output_index", ITEMS), event["item"])
        elif kind == "response.output_item.done":
            await self._item_done(event)
        elif name in TEXTS:
            await self._text(event, name, what)
        elif name in PART_EVENTS:
            await self._part_event(event, PART_EVENTS[name], what)
        elif name in ARGUMENTS:
            await self._arguments(event, name, what)
        elif kind == "response.output_text.annotation.added":
            await self._annotation(event)
        elif IS_PROGRESS(kind):
            item = self._items.get(index_of(event, "output_index", ITEMS))
            if item is not None and item.final is None:
                self._emit(item, {"type": kind, **item.where})

    def _opened(self, response: Json, what: str = "created") -> None:
        """The first events: what is known of the answer before it says anything."""
        known = {**head(response, self._call), "status": "in_progress", "output": [], "usage": None}
        if not self._begun:
            self._begun, self._id = True, known["id"]
            first = known if self._envelope is None else {**known, "vigie": self._envelope}
            self._emit(None, {"type": "response.created", "response": first})
        if what == "in_progress":
            self._emit(None, {"type": "response.in_progress", "response": {**known, "id": self._id}})

    def _started(self, index: int, given: Any) -> Item:
        if not is_item(given):
            raise broke()
        known = self._items.get(index)
        if known is not None:
            return known
        if not self._begun:
            self._opened({})
        position = len(self._order)
        self._waiting |= given["type"] in CALLS
        shown = bare(given, position)
        item = Item(Place(position, self._guard_for), given, shown["id"], self._waiting)
        self._items[index] = item
        self._order.append(item)
        if item.kind in CALLS:
            self._endings_leave()
        else:
            if item.kind == "message":
                shown |= {"role": shown.get("role", "assistant"), "status": "in_progress", "content": []}
            elif item.kind == "reasoning":
                shown["summary"] = []
            self._emit(item, {"type": "response.output_item.added", "output_index": position, "item": shown})
        return item

    def _item(self, event: Json, kind: str) -> Item | None:
        """The item that an event is about; None if it has ended. A server that says no beginning begins with it."""
        item = self._started(index_of(event, "output_index", ITEMS), {"type": kind, "id": event.get("item_id")})
        if item.kind != kind:
            raise broke()
        return item if item.final is None else None

    async def _text(self, event: Json, name: str, what: str) -> None:
        kind, part_kind, holder = TEXTS[name]
        text = event.get("delta" if what == "delta" else KEYS[part_kind])
        item = self._item(event, kind)
        if item is None or not isinstance(text, str):
            return
        index = index_of(event, index_name(holder), PARTS, 0)
        part = item.parts.get((holder, index)) or self._part(item, holder, index, {"type": part_kind})
        if part.kind != part_kind:
            raise broke()
        if part.final is None and (what == "delta" or not part.fed):
            if event.get("logprobs"):
                part.logprobs.feed({"content": event["logprobs"]})
            await self._said(item, part, text)

    async def _part_event(self, event: Json, holder: str, what: str) -> None:
        given = event.get("part")
        if not isinstance(given, dict):
            raise broke()
        thought = holder == "summary" or given.get("type") == "reasoning_text"
        item = self._item(event, "reasoning" if thought else "message")
        if item is None:
            return
        place = index_of(event, index_name(holder), PARTS, 0)
        part = item.parts.get((holder, place)) or self._part(item, holder, place, given)
        if what == "done":
            await self._end_part(item, part, given)

    async def _arguments(self, event: Json, name: str, what: str) -> None:
        kind, key = ARGUMENTS[name]
        item = self._item(event, kind)
        text = event.get("delta" if what == "delta" else key)
        if item is not None and isinstance(text, str) and text and (what == "delta" or item.guard is None):
            item.pieces.append(await self._gathering(item, key).feed(text))

    async def _annotation(self, event: Json) -> None:
        item = self._item(event, "message")
        index = index_of(event, "content_index", PARTS, 0)
        part = item.parts.get(("content", index)) if item is not None else None
        if item is None or part is None or part.final is not None or part.kind != "output_text":
            return
        one = await annotated(event.get("annotation"), item.place.guard)
        part.annotations = [*(part.annotations or ()), one]
        place = {"content_index": part.index, "annotation_index": len(part.annotations) - 1}
        kind = "response.output_text.annotation.added"
        self._emit(item, {"type": kind, **item.where, **place, "annotation": one})

    async def _item_done(self, event: Json) -> None:
        given: Any = event.get("item")
        item = self._started(index_of(event, "output_index", ITEMS), given)
        if not is_item(given) or given["type"] != item.kind:
            raise broke()
        if item.final is None:
            await self._end_item(item, given)

    async def _ended(self, response: Any, status: str) -> None:
        """The provider's last event. What it did not end ends now; an answer that was not streamed is in it whole."""
        if not isinstance(response, dict):
            raise broke()
        if not self._begun:
            self._opened(response)
        output = response.get("output")
        if not self._items and isinstance(output, list):
            if len(output) > ITEMS:
                raise broke()
            for index, given in enumerate(output):
                await self._end_item(self._started(index, given), given)
        for item in self._order:
            if item.final is None:
                await self._end_item(item, {**item.given, "status": status})
        self._last, self._status, self.usage = response, status, counts(response.get("usage"))

    # ── what is said ──────────────────────────────────────────────────────────────────────────────────────────────

    def _part(self, item: Item, holder: str, index: int, given: Json) -> Part:
        if holder not in HOLDERS.get(item.kind, ()):
            raise broke()
        self._count += 1
        if self._count > PARTS:
            raise broke()
        kind = given.get("type")
        known = isinstance(kind, str) and kind in KEYS and (kind == "summary_text") == (holder == "summary")
        kind = str(kind) if known else ""
        guard = self._guard_for(Channel(0, CHANNELS[kind], item.place.position)) if kind else None
        place = sum(one.holder == holder for one in item.parts.values())
        part = item.parts[holder, index] = Part(kind, holder, place, given, guard)
        empty = empty_part(kind) if kind else {"type": "other"}
        self._emit(item, {"type": f"{PART_EVENT_OF[holder]}.added", **at(item, part), "part": empty})
        return part

    async def _said(self, item: Item, part: Part, text: str) -> None:
        """More of a text."""
        assert part.guard is not None
        part.fed = True
        self._release(item, part, await part.guard.feed(text))

    def _release(self, item: Item, part: Part, text: str, *, ends: bool = False) -> None:
        if not text:
            return
        more: Json = {}
        if part.kind == "output_text":
            entries = part.logprobs.released(text)
            part.tokens += entries
            more = {"logprobs": entries}
            if self._opening is not None:
                text, self._opening = f"{self._opening}\n\n{text}", None
        part.pieces.append(text)
        event = {"type": f"{EVENTS_OF[part.kind]}.delta", **at(item, part), "delta": text, **more}
        self._emit(item, event, ends=ends)

    async def _end_part(self, item: Item, part: Part, given: Json) -> None:
        if part.final is not None:
            return
        if part.guard is None:
            part.final = await other_part(given or part.given, item.place)
        else:
            key = KEYS[part.kind]
            if not part.fed and isinstance(given.get(key), str) and given[key]:
                part.logprobs.feed({"content": given.get("logprobs") or []})
                await self._said(item, part, given[key])
            self._release(item, part, await part.guard.finish(), ends=True)
            text = "".join(part.pieces)
            tokens = part.tokens if part.logprobs.complete else []
            own = {"type": part.kind, "annotations": given.get("annotations")}
            part.final = await finished_part(own, text, tokens, part.annotations, item.place)
            more: Json = {"logprobs": tokens} if part.kind == "output_text" else {}
            done = {"type": f"{EVENTS_OF[part.kind]}.done", **at(item, part), key: text, **more}
            self._emit(item, done, ends=True)
        ended = {"type": f"{PART_EVENT_OF[part.holder]}.done", **at(item, part), "part": part.final}
        self._emit(item, ended, ends=True)

    async def _end_item(self, item: Item, given: Json) -> None:
        name = call_field(given)
        if name is not None:
            item.final = await self._called(item, given, name)
            return
        if item.kind not in HOLDERS:
            item.final = {**await guarded(given, item.place.position, self._guard_for), "id": item.id}
        else:
            item.final = await finished(given, item.place, {"id": item.id, **await self._parts_of(item, given)})
        done = {"type": "response.output_item.done", "output_index": item.place.position, "item": item.final}
        self._emit(item, done, ends=True)

    async def _parts_of(self, item: Item, given: Json) -> Json:
        """The parts of an item that ends: those that were said, and those that only its end says."""
        own: Json = {"content": []} if item.kind == "message" else {}
        for holder in HOLDERS[item.kind]:
            parts = given.get(holder)
            listed = parts if isinstance(parts, list) else []
            for index, part in enumerate(listed):
                if isinstance(part, dict) and (holder, index) not in item.parts:
                    self._part(item, holder, index, part)
            said_here = sorted(key for key in item.parts if key[0] == holder)
            for key in said_here:
                end = listed[key[1]] if key[1] < len(listed) and isinstance(listed[key[1]], dict) else {}
                await self._end_part(item, item.parts[key], end)
            if said_here or isinstance(parts, list):
                own[holder] = [item.parts[key].final for key in said_here]
        return own

    async def _called(self, item: Item, given: Json, name: str) -> Json:
        """A whole call, guarded. It is told once it is settled."""
        if name in WORDED and item.guard is None and isinstance(given.get(name), str):
            item.pieces.append(await self._gathering(item, name).feed(given[name]))
        if item.guard is None:
            return {**await guarded(given, item.place.position, self._guard_for), "id": item.id}
        item.pieces.append(await item.guard.finish())
        own = await call_of(given, name, "".join(item.pieces), item.place)
        return await finished(given, item.place, {"id": item.id, **own})

    def _gathering(self, item: Item, name: str) -> Guard:
        if item.guard is None:
            item.guard = self._guard_for(Channel(0, name, item.place.position))
        return item.guard

    # ── what leaves ───────────────────────────────────────────────────────────────────────────────────────────────

    def _output(self) -> list[Json]:
        return [item.final for item in self._order if item.final is not None]

    def _emit(self, item: Item | None, event: Json, *, ends: bool = False) -> None:
        if item is not None and item.waits:
            item.events.append(event)
            return
        self._endings.append(event)
        if not ends:
            self._endings_leave()

    def _endings_leave(self) -> None:
        self._out += self._endings
        self._endings = []

    def _frame(self, event: Json) -> bytes:
        number, self._number = self._number, self._number + 1
        kind: str = event["type"]
        return b"event: " + kind.encode() + b"\n" + encode(written({**event, "sequence_number": number}))
