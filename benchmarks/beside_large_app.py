"""What large bodies are sent to: rows of a dataclass and of a Struct, JSON of any kind, and a small request beside."""

import dataclasses
from typing import Annotated, Any

import msgspec
from aiohttp import web

from ponty import JsonBody, ParsedJsonBody, Request, ValidatedJsonBody, expect, get, post, render_json, startmeup


@dataclasses.dataclass
class Options:
    colour: str
    size: str


@dataclasses.dataclass
class Line:
    sku: str
    quantity: Annotated[int, msgspec.Meta(ge=1)]
    price: float
    options: Options
    tags: list[str]


@dataclasses.dataclass
class Checked(Line):
    def __post_init__(self) -> None:
        if self.quantity == 13:
            raise ValueError(self.quantity)


class StructLine(msgspec.Struct, forbid_unknown_fields=True):
    sku: str
    quantity: Annotated[int, msgspec.Meta(ge=1)]
    price: float
    options: dict[str, str]
    tags: list[str]


class PostLines(Request):
    lines = ParsedJsonBody(list[Line])


class PostChecked(Request):
    lines = ParsedJsonBody(list[Checked])


class PostStructs(Request):
    lines = ParsedJsonBody(list[StructLine])


class PostTexts(Request):
    lines = ParsedJsonBody(dict[str, str])


class PostLine(Request):
    lines = ParsedJsonBody(Options)


class PostAny(Request):
    lines = JsonBody()


class PostValidated(Request):
    lines = ValidatedJsonBody(schema={"items": {"required": ["sku"], "properties": {"quantity": {"minimum": 1}}}})


def route(path: str, cls: type[Request]) -> None:
    @post(path)
    @expect(cls)
    @render_json
    async def take(lines: Any) -> int:
        return len(lines) if isinstance(lines, list | dict) else 0


for name, asked in {
    "lines": PostLines,
    "checked": PostChecked,
    "structs": PostStructs,
    "texts": PostTexts,
    "line": PostLine,
    "any": PostAny,
    "validated": PostValidated,
}.items():
    route(f"/{name}", asked)


@get("/item")
@render_json
async def show(_: web.Request) -> str:
    return "small"


if __name__ == "__main__":
    startmeup(port=0, access_log=None, client_max_size=64 * 1024**2)
