"""Annotations may name what is imported for type checkers alone: nothing looks for it while the program runs.

Python before 3.14 keeps such annotations as texts, by a `__future__` import. From 3.14 on, it evaluates them late.
"""

import sys

import pytest

HEAD = """
from typing import TYPE_CHECKING

from ponty import Field, PosIntQueryParameter, Request, Routes, Scoped, build_app, expect, health, render_json
from ponty.memo import localcache

if TYPE_CHECKING:
    from aiohttp import web
    from nowhere import Other

class Page(Request):
    page = PosIntQueryParameter(default=1)

table = Routes()
"""
LATE = HEAD if sys.version_info >= (3, 14) else f"from __future__ import annotations\n{HEAD}"

USES = {
    "a handler of aiohttp": """
@table.get("/a")
async def handler(request: web.Request) -> web.Response: ...
""",
    "a rendered handler": """
@table.get("/a")
@render_json
async def handler(request: web.Request) -> list[Other]: ...
""",
    "a handler that declares what it returns": """
@table.get("/a")
@render_json(int)
async def handler(request: web.Request) -> Other: ...
""",
    "a handler with fields": """
@table.get("/a")
@expect(Page)
@render_json(int)
async def handler(page: Other) -> int: ...
""",
    "a field": """
class Own(Field[int]):
    def extract(self, request: web.Request, *, page: Other) -> int: ...

class OfOwn(Request):
    own = Own(page=PosIntQueryParameter(default=1))
""",
    "a scope": """
async def transaction(request: web.Request) -> Other:
    yield 1

class InTransaction(Request):
    db = Scoped(transaction)
""",
    "a check of health": """
async def answers(app: web.Application) -> None: ...

table.include(health(answers))
""",
    "a cached function": """
@localcache(ttl_ms=1000)
async def price(product: Other) -> int: ...
""",
}


@pytest.mark.parametrize("use", USES)
def test_what_only_type_checkers_know_is_not_looked_for(use):
    exec(compile(f"{LATE}{USES[use]}\nbuild_app(routes=[table])\n", "<program>", "exec"), {"__name__": "program"})
