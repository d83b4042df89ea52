"""A soak: processes that read, lock and die over one Redis that is mistreated, for as long as one likes.

`python packages/ponty-memo/tests/fleet/soak.py SECONDS [SEED]` fails if it has seen

- a call that began after an `invalidate` or a `cache_clear` had ended and got a value from before it, though Redis
  could be asked and had not lost its data;
- two holders of one lock who both wrote, the one with the older fence last, and that one was never told;
- a lock in Redis without an expiry, at any time;
- a key that is still locked when everybody has gone.

Processes are stopped for longer than a lease and killed, connections are broken, scripts forgotten, values poisoned,
Redis is stopped, filled, and restarted.
"""

import asyncio
import logging
import math
import os
import pathlib
import random
import signal
import sys
import time
from collections import Counter
from contextlib import suppress

from redis import asyncio as aioredis

from ponty.memo import LeaseLost, Locked, RedisLink, Stampede, Unavailable, rediscache, redislock

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from server import Server

KEYS = ("tea", "cake", "soup")
LEASE_MS = 600
WRITE = """
local last = tonumber(redis.call('GET', KEYS[1]) or 0)
if tonumber(ARGV[1]) < last then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
return 1
"""
"""What a storage does with a fence."""


class Worker:
    """One process: it reads values and takes locks until it is killed, and says what it has seen that may not be."""

    def __init__(self, url, database, seed, *, maxwait_ms=2000, lease_ms=LEASE_MS):
        self.chance = random.Random(seed)
        self.client = aioredis.Redis.from_url(database, protocol=2)
        self.link = RedisLink(url, timeout_ms=1000)
        options = {"namespace": "soak", "maxwait_ms": maxwait_ms, "lease_ms": lease_ms}
        self.lock = redislock(self.link, **options)
        self.value = rediscache(self.link, name="soak", ttl_ms=700, metrics=self.note, **options)(self.read_truth)
        self.unavailable = 0
        self.seen = Counter()

    def note(self, _, event):
        self.unavailable += event == "unavailable"

    async def read_truth(self, key: str) -> int:
        before = int(await self.client.get(f"truth:{key}") or 0)
        await asyncio.sleep(self.chance.choice([0, 0.01, 0.05]))
        return before

    async def read(self):
        key = self.chance.choice(KEYS)
        promised = int(await self.client.get(f"promised:{key}") or 0)
        unavailable = self.unavailable
        value = await self.value(key)
        self.seen["reads"] += 1
        if value < promised and unavailable == self.unavailable:
            print(f"STALE {key}: {value} after {promised}", flush=True)

    async def hold(self):
        key = self.chance.choice(KEYS)
        refused = False
        try:
            async with self.lock.lock(key) as lease:
                for _ in range(3):
                    await asyncio.sleep(self.chance.choice([0, 0.01, 0.05]))
                    refused = not await self.client.eval(WRITE, 1, f"storage:{key}", lease.fence)
                    self.seen["refused" if refused else "writes"] += 1
        except LeaseLost:
            refused = False
            self.seen["told"] += 1
        if refused:
            print(f"NOT TOLD {key}", flush=True)

    async def run(self):
        async with self.link:
            while True:
                doings = [self.chance.choice([self.read, self.read, self.hold])() for _ in range(10)]
                for outcome in await asyncio.gather(*doings, return_exceptions=True):
                    if isinstance(outcome, Unavailable | Locked):
                        self.seen[type(outcome).__name__] += 1
                    elif outcome is not None:
                        print(f"RAISED {outcome!r}", flush=True)
                print("SEEN", *[f"{name}={count}" for name, count in self.seen.items()], flush=True)
                self.seen.clear()


class Soak:
    """The server, the processes, and what is done to them."""

    def __init__(self, seconds, seed):
        self.chance = random.Random(seed)
        self.end = time.monotonic() + seconds
        self.server = Server("--maxmemory-policy", "noeviction").start()
        self.database = Server().start()  # which nobody mistreats: what the values are computed from
        self.workers = []
        self.faults = []
        self.seen = Counter()
        self.loss = -math.inf  # when Redis has last lost its data, and all that it had promised

    async def listen(self, worker):
        async for line in worker.stdout:
            kind, _, rest = line.decode().strip().partition(" ")
            if kind == "SEEN":
                for part in rest.split():
                    name, _, count = part.partition("=")
                    self.seen[name] += int(count)
            elif kind == "STALE" and time.monotonic() < self.loss + 5:
                self.seen["stale after a loss"] += 1
            else:
                self.faults.append(line.decode().strip())

    async def begin(self):
        command = [sys.executable, __file__, "worker", self.server.url, self.database.url, str(self.chance.random())]
        worker = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        self.workers.append((worker, asyncio.create_task(self.listen(worker))))

    async def change(self):
        """Change the truth, and promise that it is seen; this process is never stopped."""
        own = Worker(self.server.url, self.database.url, None, maxwait_ms=5000, lease_ms=60_000)
        async with own.link, own.client:
            while time.monotonic() < self.end:
                key = self.chance.choice(KEYS)
                try:
                    if self.chance.randrange(4):
                        async with own.value.invalidate(key):
                            truth = await own.client.incr(f"truth:{key}")
                        self.seen["changes"] += 1
                    else:
                        truth = await own.client.incr(f"truth:{key}")
                        await own.value.cache_clear()
                        self.seen["clearings"] += 1
                    await own.client.set(f"promised:{key}", truth)
                except (Unavailable, Stampede) as error:
                    self.seen[f"change {type(error).__name__}"] += 1
                await asyncio.sleep(self.chance.choice([0, 0.02, 0.2]))
            left = {*KEYS}
            while left:  # of its long leases, none may be left by a lock whose answer was lost
                with suppress(Unavailable, Stampede):
                    await own.value.invalidate(min(left))
                    left.remove(min(left))
                await asyncio.sleep(0.02)

    def leaks(self):
        return [
            name
            for name in self.server.ask("KEYS", "soak:*lock*")
            if self.server.ask("EVAL", "return redis.call('EXISTS', KEYS[1]) * redis.call('PTTL', KEYS[1])", 1, name)
            < 0
        ]

    async def mistreat(self):
        server, worker = self.server, self.chance.choice(self.workers)
        match self.chance.randrange(8):
            case 0:
                os.kill(worker[0].pid, signal.SIGSTOP)
                await asyncio.sleep(LEASE_MS / 1000 * 1.5)
                os.kill(worker[0].pid, signal.SIGCONT)
            case 1:
                os.kill(worker[0].pid, signal.SIGKILL)
                self.workers.remove(worker)
                await worker[1]
                await worker[0].wait()
                await self.begin()
            case 2:
                server.ask("CLIENT", "KILL", "TYPE", self.chance.choice(["normal", "pubsub"]))
            case 3:
                server.ask("SCRIPT", "FLUSH")
            case 4:
                for name in server.ask("KEYS", "soak:value:*"):
                    server.ask("SET", name, b"\x01m rubbish", "PX", 1000)
            case 5:
                server.pause()
                await asyncio.sleep(self.chance.choice([0.1, 1.5]))
                server.resume()
            case 6:
                server.ask("CONFIG", "SET", "maxmemory", "1")
                await asyncio.sleep(0.2)
                server.ask("CONFIG", "SET", "maxmemory", "0")
            case 7:
                server.kill()
                await asyncio.sleep(0.1)
                self.loss = time.monotonic()
                server.start()

    async def run(self):
        try:
            return await self.play()
        finally:
            for worker, _ in self.workers:
                if worker.returncode is None:
                    os.kill(worker.pid, signal.SIGKILL)
            self.server.close()
            self.database.close()

    async def play(self):
        for _ in range(4):
            await self.begin()
        change = asyncio.create_task(self.change())
        while time.monotonic() < self.end and not self.faults and not change.done():
            await asyncio.sleep(self.chance.uniform(0.1, 0.6))
            await self.mistreat()
            self.faults += [f"NO EXPIRY {name}" for name in self.leaks()]
        await change
        for worker, listening in self.workers:
            os.kill(worker.pid, signal.SIGKILL)
            await listening
            await worker.wait()
        await asyncio.sleep(LEASE_MS / 1000 + 0.5)
        self.faults += [f"LEFT {name}" for name in self.server.ask("KEYS", "soak:*lock*")]
        print(*[f"{name}: {count}" for name, count in sorted(self.seen.items())], sep="\n")
        print(*self.faults or ["no fault seen"], sep="\n")
        return 0 if not self.faults and all(self.seen[what] for what in ("writes", "changes", "clearings")) else 1


if __name__ == "__main__":
    logging.getLogger("ponty.memo").setLevel(logging.CRITICAL + 1)
    if sys.argv[1] == "worker":
        asyncio.run(Worker(*sys.argv[2:5]).run())
    else:
        sys.exit(asyncio.run(Soak(float(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None).run()))
