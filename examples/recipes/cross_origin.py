"""An API that pages of one other origin may read."""

from ponty import DoesNotExist, Request, StringRouteParameter, cors, delete, expect, get, render_json, startmeup

MUGS = {"red": 3}


class OneColour(Request):
    colour = StringRouteParameter()


@get(f"/mugs/{OneColour.colour}")
@expect(OneColour)
@render_json(int)
async def count(colour: str) -> int:
    if colour not in MUGS:
        raise DoesNotExist
    return MUGS[colour]


@delete(f"/mugs/{OneColour.colour}")
@expect(OneColour)
@render_json(status=204)
async def sell(colour: str) -> None:
    MUGS.pop(colour, None)


if __name__ == "__main__":
    startmeup(port=8080, middlewares=[cors(["https://shop.example"])])
