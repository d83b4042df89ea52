"""Two versions of an API side by side; the old one announces its end."""

from aiohttp import web
from aiohttp.typedefs import Handler

from ponty import Request, Routes, StringRouteParameter, expect, render_json, startmeup


class OneMug(Request):
    name = StringRouteParameter()


# Routes that are the same in both versions.
health = Routes("/health", tags=["operations"])


@health.get("")
@render_json(str)
async def alive(request: web.Request) -> str:
    return "alive"


v1 = Routes("/v1", tags=["v1"])
v2 = Routes("/v2", tags=["v2"])
for version in (v1, v2):
    version.include(health)


# Routes that differ.
@v1.get(f"/mugs/{OneMug.name}", deprecated=True, operation_id="mugV1")
@expect(OneMug)
@render_json
async def mug_v1(name: str) -> str:
    return name


@v2.get(f"/mugs/{OneMug.name}", operation_id="mug")
@expect(OneMug)
@render_json
async def mug(name: str) -> dict[str, str]:
    return {"name": name}


@web.middleware
async def going(request: web.Request, handler: Handler) -> web.StreamResponse:
    answer = await handler(request)
    answer.headers["Deprecation"] = "@1793491200"
    answer.headers["Sunset"] = "Sat, 01 May 2027 00:00:00 GMT"
    return answer


old = Routes(middlewares=[going])
old.include(v1)

if __name__ == "__main__":
    startmeup(port=8080, routes=[old, v2])
