"""`ponty-memo` without the web: a crawler that visits each page once, however many pages link to it.

`pip install ponty-memo` is all it needs.
"""

import asyncio

from ponty.memo import localcache, locallock

LINKS = {
    "home": ["news", "shop", "about"],
    "news": ["home", "shop"],
    "shop": ["home", "about"],
    "about": ["home"],
}
visits: list[str] = []
one_at_a_time = locallock(maxwait_ms=10_000)


@localcache(maxsize=1000)
async def links_of(page: str) -> list[str]:
    async with one_at_a_time.lock("example.org"):  # do not overload the host
        visits.append(page)
        await asyncio.sleep(0.01)  # the network
    return LINKS[page]


async def crawl(page: str, depth: int) -> None:
    if depth:
        await asyncio.gather(*(crawl(link, depth - 1) for link in await links_of(page)))


async def main() -> None:
    await crawl("home", depth=5)
    print(f"visited {', '.join(visits)}")
    info = links_of.cache_info()
    print(f"{info.hits + info.misses} questions, {len(visits)} visits")


if __name__ == "__main__":
    asyncio.run(main())
