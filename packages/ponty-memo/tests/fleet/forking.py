"""A program that forks while its link to Redis is open, and goes on using the link in both processes.

It prints what each process has read. The parent's commands get their answers on connections that the child has
inherited, and must get them whatever the child does.
"""

import asyncio
import gc
import os
import sys
import warnings

from redis.asyncio import Redis

from ponty.memo import RedisLink, rediscache, redislock


def main(url, namespace, kind):
    """Fork once within a running loop, and once between two loops."""
    client = Redis.from_url(url) if kind == "client" else url
    link = RedisLink(client, timeout_ms=20_000)
    lock = redislock(link, namespace=namespace, maxwait_ms=60_000)

    @rediscache(link, namespace=namespace, name="numbers", near_ms=60_000, maxwait_ms=60_000)
    async def number(text: str) -> int:
        await asyncio.sleep(0.05)  # so long that messages are listened for
        return len(text)

    async def use(*texts):
        async with lock.lock("a"):
            return [await number(text) for text in texts]

    async def child():
        for _ in range(3):
            print("child", await use("tea", "cake"), flush=True)
            gc.collect()
        await link.aclose()

    def fork():
        pid = os.fork()
        if pid == 0:
            asyncio.run(child())
            gc.collect()
            os._exit(0)
        return pid

    async def parent():
        print("parent", await use("tea"), flush=True)
        await asyncio.gather(*[number("tea" * n) for n in range(5)])  # several connections
        pid = fork()
        await asyncio.to_thread(os.waitpid, pid, 0)
        async with asyncio.timeout(30):
            for n in range(10):
                assert await use("x" * n, "tea") == [n, 3], n
                assert not link.breaker.open
            await number.invalidate("tea")
            print("parent", await asyncio.gather(*[number("y" * n) for n in range(5)]), flush=True)
        await link.aclose()

    asyncio.run(parent())


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(*sys.argv[1:])
