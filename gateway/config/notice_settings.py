"""Who is told of what waits for a person, and who is told next when nobody answers. *Data*: part of vigie.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from gateway.config.problems import Wrong
from gateway.config.shapes import Duration, Id, Secret, Strict

Happened = Literal["held", "approved", "denied", "expired", "cancelled", "released"]


class Webhook(Strict):
    """A host that is told of held actions: names, states and times, never an argument. Signed (Standard Webhooks)."""

    id: Id
    url: str = Field(pattern=r"^https?://[^\s/?#@]+(/[^\s#]*)?$", description="https; http to this machine only")
    secret: Secret = Field(description="reference to the signing key: whsec_ and base64, 24 to 64 bytes")
    events: tuple[Happened, ...] = ("held", "expired")

    @model_validator(mode="after")
    def _private(self) -> Self:
        if self.url.startswith("http://") and urlsplit(self.url).hostname not in ("127.0.0.1", "localhost", "::1"):
            raise Wrong("hors de cette machine, un avis part en https", "beyond this machine, a notice leaves by https")
        return self


class Target(Strict):
    """People who are told by e-mail or in a chat room: which tool, of which system, until when, and where to decide."""

    id: Id
    url: Secret = Field(
        description="reference to Apprise's URL, which holds a password: mailtos://…, slack://…, msteams://…, jsons://…"
    )
    events: tuple[Happened, ...] = Field(("held", "expired"), description="[]: only when an escalation comes to it")


class EscalationStep(Strict):
    """Who is told when nobody has decided yet."""

    after: Duration = Field(description="since the action was held: 30s, 5m, 1h")
    to: tuple[Id, ...] = Field(min_length=1, description="webhooks, e-mail or chat targets, by id")


class NoticeSettings(Strict):
    """Who is told of what waits for a person. None by default."""

    webhooks: tuple[Webhook, ...] = ()
    email: tuple[Target, ...] = Field((), description="by SMTP: mailto, mailtos")
    chat: tuple[Target, ...] = Field((), description="by what Apprise speaks to")
    escalation: tuple[EscalationStep, ...] = Field((), description="in the order of time")

    @property
    def targets(self) -> Iterator[Webhook | Target]:
        """Everyone who may be told."""
        yield from self.webhooks
        yield from self.email
        yield from self.chat
