"""All steps in Redis, each as one Lua script, which Redis runs atomically.

These are the data in Redis. All names begin with the namespace:

- *a lock*: a hash with the `owner` that holds the key, its `fence`, the `epoch` in which it was taken (as long as a
  value may be stored under it), and `wanted` if another process waits. It always has an expiry: its lease.
- *a value*: a string, with an expiry if values have a lifetime.
- *meta*: one hash per namespace, which is the only permanent data: the last `fence`, and the `epoch` of each cache that
  was ever cleared.

There are two channels. *wake* is for waiters; a message names a released lock. *drop* is for near caches and for
holders of locks; a message names a value that must not be served any more, or a cache that was cleared (see
`ponty.memo.redis.clearing`).

Rules:

1. A lock can be taken if there is none (`enter`). Only its owner can release it (`release`), extend it, and store a
   value under it (`commit`). An owner is a string that is never used again.
2. A value is stored only while its owner holds the lock of the same key, and only in the epoch in which the lock was
   taken. An `invalidate` holds the same lock. So each earlier computation has either lost the lock, or has stored its
   value in time to be dropped. Clearing a cache begins a new epoch.
3. A fence is the time in microseconds by the clock of Redis, or one more than the last fence, whichever is greater. So
   fences grow even if Redis has lost its data, unless its clock is set back too.
4. Each script may run twice for one owner, because a script whose connection broke is repeated. The second run does not
   change what the first has done.
5. Other data in the place of a lock keeps the key locked for one lease, and then expires.
6. If an ACL forbids to publish a message, it is not published: the receivers also look from time to time.
7. Only the first write of each script can be refused by a full Redis, so a script is run completely or not at all.

What can never happen: a lock without an expiry; a lock that is released, extended or used by anybody but its owner; a
value stored by a holder that has lost its lock, or stored after an invalidation that the holder did not see.

The clocks of clients are not used: lifetimes and leases are sent to Redis as durations.
"""

from typing import Final

from ponty.memo.redis.connection.script import Script

ENTER: Final = Script(
    "enter",
    """
    -- KEYS: lock, meta  ARGV: owner, lease in ms, name of the epoch
    local kind = redis.call('TYPE', KEYS[1]).ok
    if kind ~= 'none' then
        if kind == 'hash' and redis.call('HGET', KEYS[1], 'owner') == ARGV[1] then
            redis.call('PEXPIRE', KEYS[1], ARGV[2])
            return {redis.call('HGET', KEYS[1], 'fence'), redis.call('HGET', KEYS[1], 'epoch')}
        end
        if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
        return false
    end
    local last = redis.pcall('HGET', KEYS[2], 'fence')
    if type(last) == 'table' then redis.call('DEL', KEYS[2]) last = false end
    local now = redis.call('TIME')
    local fence = math.max(now[1] * 1000000 + now[2], (tonumber(last or 0) or 0) + 1)
    fence = string.format('%.0f', fence)
    local epoch = redis.call('HGET', KEYS[2], ARGV[3]) or ''
    redis.call('HSET', KEYS[2], 'fence', fence)
    redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'fence', fence, 'epoch', epoch)
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
    return {fence, epoch}
    """,
)
"""Take a lock. Returns the fence and the epoch, or nil if somebody else holds it."""

ATTEND: Final = Script(
    "attend",
    """
    -- KEYS: lock  ARGV: lease in ms
    local kind = redis.call('TYPE', KEYS[1]).ok
    if kind == 'none' then return -1 end
    local left = redis.call('PTTL', KEYS[1])
    if left < 0 then
        left = tonumber(ARGV[1])
        redis.call('PEXPIRE', KEYS[1], left)
    end
    if kind == 'hash' then redis.pcall('HSET', KEYS[1], 'wanted', '1') end -- or not, if Redis is full
    return left
    """,
)
"""Ask for a message at the release of a lock. Returns the rest of its lease in milliseconds, or -1 if it is free."""

EXTEND: Final = Script(
    "extend",
    """
    -- KEYS: lock, meta  ARGV: owner, lease in ms, name of the epoch
    if redis.pcall('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
    local epoch = redis.call('HGET', KEYS[1], 'epoch')
    if epoch and epoch ~= (redis.pcall('HGET', KEYS[2], ARGV[3]) or '') then return 2 end
    return 1
    """,
)
"""Extend a lease. Returns 0 if the owner did not have it any more, 2 if the cache was cleared since it was taken, or
else 1."""

RELEASE: Final = Script(
    "release",
    """
    -- KEYS: lock  ARGV: owner, channel
    if redis.pcall('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
    local wanted = redis.call('HGET', KEYS[1], 'wanted')
    redis.call('DEL', KEYS[1])
    if wanted then redis.pcall('PUBLISH', ARGV[2], KEYS[1]) end
    return 1
    """,
    done_once=True,
)
"""Release a lock, and wake the waiters. Returns whether the owner still had it."""

COMMIT: Final = Script(
    "commit",
    """
    -- KEYS: value, lock, meta  ARGV: owner, data, lifetime in ms or 0, name of the epoch
    if redis.pcall('HGET', KEYS[2], 'owner') ~= ARGV[1] then return 0 end
    local epoch = redis.pcall('HGET', KEYS[3], ARGV[4])
    if redis.call('HGET', KEYS[2], 'epoch') ~= (epoch or '') then return -1 end
    if ARGV[3] == '0' then
        redis.call('SET', KEYS[1], ARGV[2])
    else
        redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
    end
    return 1
    """,
)
"""Store a value on behalf of the owner of a lock. Returns 1 if it was stored, 0 if the owner does not have the lock any
more, and -1 if the cache was cleared since the lock was taken."""

FORGET: Final = Script(
    "forget",
    """
    -- KEYS: value, lock  ARGV: owner
    if redis.pcall('HGET', KEYS[2], 'owner') ~= ARGV[1] then return 0 end
    redis.call('DEL', KEYS[1])
    return 1
    """,
)
"""Remove a value on behalf of the owner of a lock. Returns whether the owner still had the lock."""

STORE: Final = Script(
    "store",
    """
    -- KEYS: value  ARGV: data, lifetime in ms or 0, channel
    if ARGV[2] == '0' then
        redis.call('SET', KEYS[1], ARGV[1])
    else
        redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    end
    redis.pcall('PUBLISH', ARGV[3], KEYS[1])
    return 1
    """,
)
"""Store a value without a lock, and have near caches drop an older one."""

READ: Final = Script(
    "read",
    """
    -- KEYS: value  ARGV: 1 if values have an expiry
    local data = redis.pcall('GET', KEYS[1])
    if type(data) ~= 'string' then return false end
    if ARGV[1] == '1' and redis.call('PTTL', KEYS[1]) < 0 then return false end
    return data
    """,
)
"""Read a value. Returns nil if there is none."""

LOOK: Final = Script(
    "look",
    """
    -- KEYS: value  ARGV: 1 if values have an expiry
    local data = redis.pcall('GET', KEYS[1])
    if type(data) ~= 'string' then return false end
    local left = redis.call('PTTL', KEYS[1])
    if ARGV[1] == '1' and left < 0 then return false end
    return {data, left}
    """,
)
"""Read a value and the rest of its lifetime in milliseconds, which is -1 for ever. Returns nil if there is none."""

DROP: Final = Script(
    "drop",
    """
    -- KEYS: value  ARGV: channel
    local found = redis.call('DEL', KEYS[1])
    redis.pcall('PUBLISH', ARGV[1], KEYS[1])
    return found
    """,
)
"""Remove a value, here and in all near caches. Returns whether there was one."""

EPOCH: Final = Script(
    "epoch",
    """
    -- KEYS: meta  ARGV: name of the epoch, channel, what the message begins with
    if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then redis.call('DEL', KEYS[1]) end
    local now = redis.call('TIME')
    local last = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or 0) or 0
    local epoch = string.format('%.0f', math.max(now[1] * 1000000 + now[2], last + 1))
    redis.call('HSET', KEYS[1], ARGV[1], epoch)
    redis.pcall('PUBLISH', ARGV[2], ARGV[3] .. epoch)
    return epoch
    """,
)
"""Begin a new epoch of a cache, so that computations in progress store nothing and near caches drop their values.
Returns the epoch."""

OUTDATED: Final = Script(
    "outdated",
    """
    -- KEYS: locks  ARGV: epoch, lease in ms
    local outdated = {}
    for _, lock in ipairs(KEYS) do
        local epoch = redis.pcall('HGET', lock, 'epoch')
        if type(epoch) == 'string' and (tonumber(epoch) or 0) < tonumber(ARGV[1]) then
            if redis.call('PTTL', lock) < 0 then redis.call('PEXPIRE', lock, ARGV[2]) end
            outdated[#outdated + 1] = lock
        end
    end
    return outdated
    """,
)
"""Return those of the given locks that were taken in an earlier epoch."""

ACKNOWLEDGE: Final = Script(
    "acknowledge",
    """
    -- KEYS: lock  ARGV: owner
    if redis.pcall('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
    return redis.call('HDEL', KEYS[1], 'epoch')
    """,
)
"""Acknowledge a clearing: no value is stored under this lock, and nobody joins its computation."""

PROBE: Final = Script(
    "probe",
    """
    -- KEYS: meta
    local last = redis.pcall('HGET', KEYS[1], 'fence')
    if type(last) ~= 'table' then redis.call('HSET', KEYS[1], 'fence', last or '0') end
    return 1
    """,
)
"""Make the same first write as `ENTER` without changing anything: it fails if a lock could not be taken."""
