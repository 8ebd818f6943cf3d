"""The claim store: bitmaps over an issue's ordinals in a Redis that keeps nothing.

It is whole or gone. Each issue has an epoch, a word that no other has; every question names it, and a store that was
lost and came back empty knows none: then no dot leaves any more until the coordinator has opened a new one, under which
what was handed out before is refused. A copy of yesterday would forget claims and send twice: `check` refuses a store
that writes to disk or has replicas.

An ordinal's bit is set right before its dot, by whoever asks first, and never taken back. Tried again, later, it has
the bit of its next round.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from digest.errors import SendError

TIMEOUTS: Mapping[str, Any] = {"socket_timeout": 5.0, "socket_connect_timeout": 5.0}

Asked = Sequence[tuple[int, int]]
"""Rounds and ordinals."""

State = Literal["free", "claimed", "accepted"]


class EpochGone(Exception):
    """The claim store knows this epoch no longer: whoever asks must stop."""


class ShardClosed(Exception):
    """The coordinator took the shard back, or nothing leaves now."""


# In one go, as Redis runs nothing else meanwhile: what was accepted since, then claims. KEYS: epoch, stop, shards taken
# back, barred readers, claimed, accepted. ARGV: epoch, shard, how many accepted, then rounds and ordinals.
CLAIM = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'gone' end
local n = 4 + 2 * tonumber(ARGV[3])
for i = 4, n - 1, 2 do redis.call('SETBIT', KEYS[6] .. ARGV[i], ARGV[i + 1], 1) end
if n > #ARGV then return '' end
if redis.call('EXISTS', KEYS[2]) == 1 or redis.call('SISMEMBER', KEYS[3], ARGV[2]) == 1 then return 'closed' end
local said = {}
for i = n, #ARGV, 2 do
  if redis.call('GETBIT', KEYS[4], ARGV[i + 1]) == 1 then said[#said + 1] = '0'
  else said[#said + 1] = 1 - redis.call('SETBIT', KEYS[5] .. ARGV[i], ARGV[i + 1], 1) end
end
return table.concat(said)
"""

# Where each ordinal stands; with a shard's name, nothing of it can be claimed from then on. KEYS: epoch, shards taken
# back, claimed, accepted. ARGV: epoch, shard or '', rounds and ordinals.
LOOK = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'gone' end
if ARGV[2] ~= '' then redis.call('SADD', KEYS[2], ARGV[2]) end
local said = {}
for i = 3, #ARGV, 2 do
  said[#said + 1] = redis.call('GETBIT', KEYS[3] .. ARGV[i], ARGV[i + 1])
                    + redis.call('GETBIT', KEYS[4] .. ARGV[i], ARGV[i + 1])
end
return table.concat(said)
"""

# When the next letter may leave that shares KEYS[1]: seconds to wait, its turn being taken then; '' when that is longer
# than it can wait. ARGV: letters a second, seconds of credit, the longest wait. By the store's own clock.
TURN = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local turn = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now - tonumber(ARGV[2]))
if turn - now > tonumber(ARGV[3]) then return '' end
redis.call('SET', KEYS[1], string.format('%.6f', turn + 1 / tonumber(ARGV[1])))
return string.format('%.6f', math.max(turn - now, 0))
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """How fast letters may leave, through all workers together."""

    rate: float = 0.0  # letters a second in all; 0: as many as there are
    domains: Mapping[str, float] | None = None  # mail domain -> letters a second to it
    resting: Collection[str] = ()  # mail domains that get nothing now


def keys_of(prefix: str, epoch: str) -> dict[str, str]:
    own = f"{prefix}:{epoch}"
    names = {name: f"{own}:{name}" for name in ("taken-back", "barred", "claimed:", "accepted:", "limits", "turn:")}
    return {"epoch": f"{prefix}:epoch", "stop": f"{own}:stop", "briefing": f"{own}:briefing:", **names}


def claim_arguments(epoch: str, shard: str, accepted: Asked, wanted: Asked) -> list[str | int]:
    flat = [number for pair in (*accepted, *wanted) for number in pair]
    return [epoch, shard, len(accepted), *flat]


def read_claim(said: str, wanted: Asked) -> set[int]:
    """The ordinals that are ours. Raises EpochGone, ShardClosed."""
    if said == "gone":
        raise EpochGone
    if said == "closed":
        raise ShardClosed
    return {ordinal for (_, ordinal), bit in zip(wanted, said, strict=True) if bit == "1"}


def read_limits(text: str | None) -> Limits:
    if not text:
        return Limits()
    plain = json.loads(text)
    return Limits(plain["rate"], plain["domains"], frozenset(plain["resting"]))


class ClaimStore:
    """The coordinator's side. Every method raises SendError when the store cannot be reached."""

    def __init__(self, url: str, password: str, prefix: str) -> None:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        self.where = url.partition("://")[2].rpartition("@")[2]
        self._prefix = prefix
        self._trouble = (redis.RedisError, OSError)
        self._redis = redis.Redis.from_url(
            url, password=password or None, decode_responses=True, retry=Retry(NoBackoff(), 1), **TIMEOUTS
        )
        self._look = self._redis.register_script(LOOK)

    def check(self) -> None:
        """Raises SendError for a store that could forget a part: one that writes to disk, has replicas, or throws keys
        away when it is full."""
        found = self._do(
            lambda: {**self._redis.info("persistence"), **self._redis.info("memory"), **self._redis.info("replication")}
        )
        try:
            saves = self._redis.config_get("save").get("save", "")
        except self._trouble:  # a managed one does not say
            saves = ""
        faults = {
            "writes to disk": bool(saves) or bool(int(found.get("aof_enabled", 0))),
            "is a replica": found.get("role") != "master",
            "has replicas": bool(int(found.get("connected_slaves", 0))),
            "throws keys away when it is full": found.get("maxmemory_policy", "noeviction") != "noeviction",
        }
        if wrong := [what for what, is_so in faults.items() if is_so]:
            raise SendError(
                f"the claim store at {self.where} {' and '.join(wrong)}: one that forgets a part of itself sends twice",
                hint='save "", appendonly no, maxmemory-policy noeviction, no replicas: docs/scale-out.md',
            )

    def epoch(self) -> str:
        """The epoch it knows for this issue; '' for none."""
        return self._do(lambda: self._redis.get(f"{self._prefix}:epoch")) or ""

    def open(self, epoch: str) -> None:
        self._do(lambda: self._redis.set(f"{self._prefix}:epoch", epoch))

    def brief(self, epoch: str, name: str, sealed: str) -> None:
        self._do(lambda: self._redis.set(keys_of(self._prefix, epoch)["briefing"] + name, sealed))

    def stop(self, epoch: str, *, stopped: bool) -> None:
        """Nothing of the issue can be claimed, or again."""
        key = keys_of(self._prefix, epoch)["stop"]
        self._do(lambda: self._redis.set(key, "1") if stopped else self._redis.delete(key))

    def bar(self, epoch: str, ordinals: Collection[int]) -> None:
        """Nothing leaves to these any more."""
        key = keys_of(self._prefix, epoch)["barred"]

        def set_bits() -> None:
            with self._redis.pipeline(transaction=False) as line:
                for ordinal in ordinals:
                    line.setbit(key, ordinal, 1)
                line.execute()

        if ordinals:
            self._do(set_bits)

    def limit(self, epoch: str, limits: Limits) -> None:
        plain = {"rate": limits.rate, "domains": dict(limits.domains or {}), "resting": sorted(limits.resting)}
        self._do(lambda: self._redis.set(keys_of(self._prefix, epoch)["limits"], json.dumps(plain)))

    def look(self, epoch: str, asked: Asked, *, take_back: str = "") -> dict[int, State]:
        """Where each ordinal stands. *take_back*: the shard of which nothing can be claimed from now on. Raises
        EpochGone."""
        keys = keys_of(self._prefix, epoch)
        said = self._do(
            lambda: self._look(
                keys=[keys["epoch"], keys["taken-back"], keys["claimed:"], keys["accepted:"]],
                args=[epoch, take_back, *(number for pair in asked for number in pair)],
            )
        )
        if said == "gone":
            raise EpochGone
        states: tuple[State, ...] = ("free", "claimed", "accepted")
        return {ordinal: states[int(bit)] for (_, ordinal), bit in zip(asked, said, strict=True)}

    def forget(self) -> None:
        """All keys of the issue."""

        def delete() -> None:
            self._redis.delete(f"{self._prefix}:epoch")  # first: from then on every claim is refused
            for key in self._redis.scan_iter(f"{_escaped(self._prefix)}:*", count=1000):
                self._redis.delete(key)

        self._do(delete)

    def close(self) -> None:
        self._redis.close()

    def _do(self, ask: Any) -> Any:
        try:
            return ask()
        except self._trouble as error:
            raise SendError(
                f"the claim store at {self.where} does not answer: {error}",
                hint="[cluster] claims, DIGEST_CLAIMS_PASSWORD; nothing leaves without it",
            ) from error


def _escaped(prefix: str) -> str:
    return "".join(f"\\{c}" if c in "*?[]\\^" else c for c in prefix)
