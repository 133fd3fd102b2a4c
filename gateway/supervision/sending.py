"""How a notice leaves: a signed webhook, or Apprise to a mail server or a chat room. *Edge*: HTTP and SMTP out.

Webhooks: signed as Standard Webhooks says (HMAC-SHA-256 of id, time and body); no redirect is followed, no proxy is taken
from the environment, TLS is verified. Apprise: imported when somebody is to be told by it and not before; it blocks, so it
runs in a thread of its own that nothing waits for beyond `TIMEOUT_S`; it follows no redirect, keeps nothing on disk, and
beyond this machine it must speak TLS. Its URL holds a password, so nothing of an error of its own is passed on.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import ipaddress
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import aiohttp

from gateway.config import Target, Webhook, secret
from gateway.errors import Fault

TIMEOUT_S = 15.0
MOST_THREADS = 16
MAIL = ("mailto", "mailtos")


async def post_webhook(session: aiohttp.ClientSession, hook: Webhook, name: str, at_s: int, body: bytes) -> int:
    """The status of the answer; 0 when there was none."""
    with suppress(aiohttp.ClientError, OSError, TimeoutError, Fault, binascii.Error):
        headers = signed(secret(hook.secret), name, at_s, body)
        async with session.post(hook.url, data=body, headers=headers, allow_redirects=False) as answer:
            return answer.status
    return 0


def signed(key: str, name: str, at_s: int, body: bytes) -> dict[str, str]:
    """The headers of Standard Webhooks 1.0 for one notice. Raises `binascii.Error` for a bad key."""
    secret_bytes = base64.b64decode(key.removeprefix("whsec_"), validate=True)
    signature = hmac.digest(secret_bytes, f"{name}.{at_s}.".encode() + body, hashlib.sha256)
    return {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(at_s),
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }


class Threads:
    """Daemon threads for what blocks: none keeps the process from ending, and there are never many."""

    def __init__(self, most: int = MOST_THREADS) -> None:
        self._free = threading.Semaphore(most)

    async def run(self, act: Callable[[], bool], timeout_s: float) -> bool:
        """What `act` answers; False when it raises, takes too long, or too many are still at it."""
        if not self._free.acquire(blocking=False):
            return False
        loop = asyncio.get_running_loop()
        over: asyncio.Future[bool] = loop.create_future()

        def tell(done: bool) -> None:
            if not over.done():
                over.set_result(done)

        def work() -> None:
            done = False
            try:
                done = act()
            except Exception:  # noqa: BLE001 - a library's error may quote the URL, and so a password
                done = False
            finally:
                self._free.release()
                with suppress(RuntimeError):  # the loop has ended
                    loop.call_soon_threadsafe(tell, done)

        threading.Thread(target=work, name="vigie-notice", daemon=True).start()
        with suppress(TimeoutError):
            return await asyncio.wait_for(over, timeout_s)
        return False


def tell_people(target: Target, title: str, text: str, *, by_mail: bool) -> bool:
    """Send by Apprise; whether it was taken. Blocks. Raises a `Fault` for a secret that is not there."""
    import apprise

    asset = apprise.AppriseAsset(
        app_id="Vigie",
        app_desc="Vigie",
        app_url="",
        http_redirects=False,
        service_timeout=TIMEOUT_S,
        secure_logging=True,
        storage_mode="memory",
    )
    url = secret(target.url)
    plugin = apprise.Apprise.instantiate(url, asset=asset)
    if plugin is None or (_scheme(url) in MAIL) is not by_mail or not is_private(url, plugin):
        return False
    plugin.notify_format = apprise.NotifyFormat.TEXT  # nothing of it is markup, for a room to show as it likes
    return bool(plugin.notify(body=text, title=title, body_format=apprise.NotifyFormat.TEXT))  # not in its shared pool


def is_private(url: str, plugin: Any) -> bool:
    """Whether nobody on the way can read it: TLS, or this very machine."""
    if _scheme(url) in MAIL:
        return str(plugin.secure_mode) != "insecure" or _is_here(plugin.smtp_host or plugin.host)
    private = plugin.secure_protocol or ()
    return _scheme(url) in ((private,) if isinstance(private, str) else private) or _is_here(plugin.host)


def _scheme(url: str) -> str:
    return url.partition("://")[0].lower()


def _is_here(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address((host or "").strip("[]")).is_loopback
    except ValueError:
        return False
