"""How often one address may check a text. *Data and decisions*; the clock is passed in.

An address is hashed at once, with a key of this process's memory; an IPv6 address counts as its /64, which is what one
subscriber has. The memory is bounded: past `MOST` addresses, the one that was seen longest ago is forgotten.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

MOST = 20_000


@dataclass(slots=True)
class Limits:
    """A bucket for each address: `per_minute()` checks at once, and as many again in a minute."""

    per_minute: Callable[[], int]
    clock: Callable[[], float]
    most: int = MOST
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    _left: OrderedDict[bytes, tuple[float, float]] = field(default_factory=OrderedDict, repr=False)

    def wait_s(self, address: str) -> int:
        """Take one check: 0 if it may be made, or the seconds to wait."""
        name, rate, now = self._name(address), self.per_minute(), self.clock()
        left, since = self._left.pop(name, (float(rate), now))
        left = min(float(rate), left + (now - since) * rate / 60)
        allowed = left >= 1
        self._left[name] = (left - 1 if allowed else left, now)
        if len(self._left) > self.most:
            self._left.popitem(last=False)
        return 0 if allowed else max(1, round((1 - left) * 60 / rate + 0.5))

    def _name(self, address: str) -> bytes:
        try:
            known = ipaddress.ip_address(address.partition("%")[0])
            if isinstance(known, ipaddress.IPv6Address):
                known = known.ipv4_mapped or ipaddress.ip_network((known, 64), strict=False).network_address
            address = str(known)
        except ValueError:
            address = address[:256]
        return hashlib.blake2b(address.encode(), digest_size=16, key=self._key).digest()
