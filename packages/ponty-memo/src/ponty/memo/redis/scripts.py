"""What is done in Redis, each step of it one script: Redis runs a script whole, with nothing in between.

What lies in Redis, under names that begin with the namespace:

- *a lock*: a hash with the `owner` who holds the key, its `fence`, the `epoch` in which it was entered, for as long as
  a value may be committed under it, and `wanted` if another process waits. It never lies there without an expiry: its
  lease.
- *a value*: a text, with an expiry if values have a lifetime.
- *meta*: one hash per namespace, the only thing that stays: the last `fence`, and for each cache that was ever cleared
  its `epoch`.

Two channels: *wake* is for who waits, with the lock that was released; *drop* is for near caches, with what they must
not serve any more, and for holders of locks, whose cache was cleared (see `ponty.memo.redis.clearing`).

Rules:

1. A lock is taken where there is none (`enter`), and given back (`release`), extended and used to store a value
   (`commit`) only by its owner. An owner is a text that is never used again.
2. A value is committed only while its owner holds the lock of the same key, and in the epoch in which it was entered.
   An `invalidate` holds the same lock, so whatever was being computed before it had lost that lock, or had stored its
   value in time to be dropped. Clearing a cache begins a new epoch.
3. A fence is the time in microseconds by Redis's clock, or one more than the last fence, whichever is greater. So
   fences grow also where Redis has lost its data, unless its clock is set back too.
4. Each script may be run twice for one owner, since a script whose connection broke is repeated: what was done the
   first time is left as it is.
5. Something else that lies in the place of a lock keeps the key locked for one lease, and then goes.
6. A message that may not be published, by an ACL, is not: those who would hear it look every now and then.
7. The first write of each script is the only one that a full Redis would refuse, so a script is done whole or not at
   all.

What can never happen: a lock without an expiry; a lock that is released, extended or used by somebody else than its
owner; a value stored by a holder that has lost its lock, or after an invalidation that it did not see.

Clocks of clients are not asked. Lifetimes and leases go to Redis as lengths of time.
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
"""Take a lock. Returns the fence and the epoch, or nothing if somebody else holds it."""

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
"""Ask to be woken. Returns what is left of the lease in milliseconds, or -1 if the lock is free."""

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
"""Begin the lease anew. Returns 0 if the owner had it no longer, and 2 if the cache was cleared since it was taken."""

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
"""Release a lock, and wake who waits. Returns whether the owner still had it."""

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
"""Store a value on behalf of the lock's owner. Returns 1; or 0 if the owner has it no longer, and -1 if the cache was
cleared since it was taken."""

FORGET: Final = Script(
    "forget",
    """
    -- KEYS: value, lock  ARGV: owner
    if redis.pcall('HGET', KEYS[2], 'owner') ~= ARGV[1] then return 0 end
    redis.call('DEL', KEYS[1])
    return 1
    """,
)
"""Forget a value on behalf of the lock's owner. Returns whether the owner still had it."""

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
"""Store a value on behalf of nobody, and let no near cache serve an older one."""

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
"""Read a value, or nothing."""

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
"""The same with what is left of its lifetime in milliseconds, -1 for ever."""

DROP: Final = Script(
    "drop",
    """
    -- KEYS: value  ARGV: channel
    local found = redis.call('DEL', KEYS[1])
    redis.pcall('PUBLISH', ARGV[1], KEYS[1])
    return found
    """,
)
"""Forget a value, here and in all near caches. Returns whether there was one."""

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
"""Begin a new epoch of a cache: what is being computed now is not committed, and near caches serve nothing old.
Returns it."""

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
"""Look which locks were taken in an earlier epoch. Returns these."""

ACKNOWLEDGE: Final = Script(
    "acknowledge",
    """
    -- KEYS: lock  ARGV: owner
    if redis.pcall('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
    return redis.call('HDEL', KEYS[1], 'epoch')
    """,
)
"""Say that nothing is committed under a lock, and nobody joins what is computed under it."""

PROBE: Final = Script(
    "probe",
    """
    -- KEYS: meta
    local last = redis.pcall('HGET', KEYS[1], 'fence')
    if type(last) ~= 'table' then redis.call('HSET', KEYS[1], 'fence', last or '0') end
    return 1
    """,
)
"""Change nothing, by the write with which a lock would be taken: it fails where that would."""
