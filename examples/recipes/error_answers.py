"""An application with its own envelope, and its own answers to errors and to invalid requests."""

from aiohttp import web

from ponty import (
    PontyError,
    PosIntQueryParameter,
    Request,
    Routes,
    ValidationError,
    expect,
    json_response,
    render_json,
    startmeup,
)


class SoldOut(PontyError):
    status_code = 410
    type = "https://mugs.example/problems/sold-out"
    title = "This mug is sold out"


class OneMug(Request):
    number = PosIntQueryParameter(required=True)


mugs = Routes("/mugs")
NAMES = {1: "red", 2: "blue"}


@mugs.get("", raises=[SoldOut])
@expect(OneMug)
@render_json(str)
async def show_mug(number: int) -> str:
    if number == 2:
        raise SoldOut(detail="the last one went an hour ago", members={"restocked": "2027-03-01"})
    if number == 3:
        raise ConnectionError("the database is at 10.0.0.7")
    return NAMES[number]


def envelope(data: object, elapsed: int, now: int) -> object:
    return {"result": data}


def unavailable(request: web.Request, error: ConnectionError) -> web.Response:
    return json_response({"try": "again"}, status=503, headers={"Retry-After": "3"})


def invalid(request: web.Request, error: ValidationError) -> web.Response:
    faults = [{"where": fault.name + fault.pointer, "what": fault.detail} for fault in error.faults]
    return json_response({"errors": faults}, status=422)


if __name__ == "__main__":
    startmeup(
        port=8080,
        routes=[mugs],
        envelope=envelope,
        errors={ConnectionError: unavailable, KeyError: 404},
        answer_invalid=invalid,
    )
