"""One application in several processes of a machine.

Several of them may be started by hand or by a service manager, for they share the port. gunicorn starts and watches
them itself: `gunicorn --chdir examples -k aiohttp.GunicornUVLoopWebWorker -w 2 'several:build_app()'`.
"""

import os

from ponty import Request, StringRouteParameter, build_app, expect, get, render_json, startmeup

__all__ = ["build_app"]  # for gunicorn


class HelloReq(Request):
    name = StringRouteParameter()


@get(f"/hello/{HelloReq.name}")
@expect(HelloReq)
@render_json
async def greet(name: str) -> dict[str, object]:
    return {"greeting": f"hello {name}!", "process": os.getpid()}


if __name__ == "__main__":
    startmeup(port=8080, reuse_port=True)
