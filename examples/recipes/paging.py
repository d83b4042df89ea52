"""A list of mugs, sent a page at a time."""

import dataclasses
from typing import Annotated, Generic, TypeVar

from ponty import Annotation, QueryParameter, Reply, Request, Routes, expect, render_json, startmeup

T = TypeVar("T")


@dataclasses.dataclass
class Page(Generic[T]):
    items: list[T]
    next: int | None  # the value of `after` for the next page; null on the last page


@dataclasses.dataclass
class Mug:
    id: int
    colour: str


MUGS = [Mug(number, colour) for number, colour in enumerate(["red", "blue", "green", "black", "white"], start=1)]


def mugs_after(number: int, limit: int) -> list[Mug]:
    """Return what `SELECT * FROM mugs WHERE id > :number ORDER BY id LIMIT :limit` would return."""
    return [mug for mug in MUGS if mug.id > number][:limit]


class Paged(Request):
    after = QueryParameter(int, default=0)
    limit = QueryParameter[int](Annotated[int, Annotation(minimum=1, maximum=100)], default=20)


mugs = Routes("/mugs")


@mugs.get("")
@expect(Paged, whole=True, others="refuse")
@render_json(Page[Mug])
async def list_mugs(r: Paged) -> Reply[Page[Mug]]:
    found = mugs_after(r.after, r.limit + 1)  # one more, to know whether there is a next page
    items = found[: r.limit]
    if len(found) == len(items):
        return Reply(Page(items, None))
    link = f'</mugs?after={items[-1].id}&limit={r.limit}>; rel="next"'
    return Reply(Page(items, items[-1].id), headers={"Link": link})


if __name__ == "__main__":
    startmeup(port=8080, routes=[mugs])
