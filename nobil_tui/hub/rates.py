"""Rate limits."""

from __future__ import annotations

import hashlib
import ipaddress
import time
from collections import OrderedDict

MAX_ADDRESSES = 10_000
"""How many addresses are remembered; the one that was quiet for longest is forgotten first."""


class TokenBucket:
    """Allow ``capacity`` at once and ``per_second`` on average."""

    __slots__ = ("_at", "_capacity", "_left", "_per_second")

    def __init__(self, capacity: float, per_second: float) -> None:
        self._capacity = self._left = float(capacity)
        self._per_second = per_second
        self._at = time.monotonic()

    def _refill(self) -> None:
        now = time.monotonic()
        self._left = min(self._capacity, self._left + (now - self._at) * self._per_second)
        self._at = now

    def take(self, count: float) -> bool:
        """Take ``count`` tokens; return whether there were enough."""
        self._refill()
        self._left = max(-self._capacity, self._left - count)
        return self._left >= 0

    @property
    def seconds_left(self) -> float:
        """The seconds until one can be taken."""
        self._refill()
        return max(0.0, (1 - self._left) / self._per_second)


class FailedTries:
    """Limits the failed attempts of each address per minute, such as wrong API keys."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        """How many are allowed; an address that failed just now keeps the limit of then."""
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def wait(self, address: str) -> float:
        """Return for how many seconds an address has to wait; zero if it may try."""
        bucket = self._buckets.get(_network(address))
        return bucket.seconds_left if bucket is not None else 0.0

    def failed(self, address: str, count: int = 1) -> None:
        """Count failed attempts of an address."""
        network = _network(address)
        bucket = self._buckets.pop(network, None) or TokenBucket(
            self.per_minute, self.per_minute / 60
        )
        bucket.take(count)
        self._buckets[network] = bucket
        while len(self._buckets) > MAX_ADDRESSES:
            self._buckets.popitem(last=False)


class KnownKeys:
    """Remembers the hashes of keys that were valid, each with the network that it came from.

    So a program with a wrong key does not lock out others at the same address.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, bytes], None] = OrderedDict()

    def add(self, address: str, key: str) -> None:
        """Note that a key was valid."""
        place = _network(address), _hash(key)
        self._known[place] = None
        self._known.move_to_end(place)
        while len(self._known) > MAX_ADDRESSES:
            self._known.popitem(last=False)

    def has(self, address: str, key: str) -> bool:
        """Return whether a key was valid before, from this network."""
        return (_network(address), _hash(key)) in self._known


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode(errors="surrogatepass")).digest()


def _network(address: str) -> str:
    """Return the network of one user: an IPv4 address, or the /64 network of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
