"""A PATCH that changes parts of a mug, for one client at a time."""

import dataclasses
from typing import Annotated

from ponty import (
    UNSET,
    Annotation,
    DoesNotExist,
    IfMatch,
    ParsedJsonBody,
    PosIntRouteParameter,
    Request,
    Routes,
    UnsetType,
    etag_of,
    expect,
    render_json,
    startmeup,
)

Note = Annotated[str, Annotation(maxLength=100)]


@dataclasses.dataclass(frozen=True)
class Mug:
    colour: str
    note: Note | None


@dataclasses.dataclass(frozen=True)
class Change:
    colour: str | UnsetType = UNSET
    note: Note | UnsetType | None = UNSET

    def of(self, mug: Mug) -> Mug:
        return Mug(
            mug.colour if self.colour is UNSET else self.colour,
            mug.note if self.note is UNSET else self.note,
        )


MUGS = {1: Mug("red", "chipped")}


class OneMug(Request):
    number = PosIntRouteParameter()

    def found(self) -> Mug:
        if self.number not in MUGS:
            raise DoesNotExist
        return MUGS[self.number]


class ChangeMug(OneMug):
    condition = IfMatch()
    change = ParsedJsonBody(Change)


mugs = Routes("/mugs")


@mugs.get(f"/{OneMug.number}")
@expect(OneMug, whole=True)
@render_json(Mug, etag=True)
async def show_mug(r: OneMug) -> Mug:
    return r.found()


@mugs.patch(f"/{ChangeMug.number}")
@expect(ChangeMug, whole=True)
@render_json(Mug, etag=True)
async def change_mug(r: ChangeMug) -> Mug:
    before = r.found()
    r.condition.check(etag_of(before, Mug))
    MUGS[r.number] = r.change.of(before)
    return MUGS[r.number]


if __name__ == "__main__":
    startmeup(port=8080, routes=[mugs])
