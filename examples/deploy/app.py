"""An application to deploy: as several processes, or under gunicorn.

PORT=8080 python app.py & PORT=8080 python app.py; wait
gunicorn app:app --worker-class aiohttp.GunicornWebWorker --workers 2 --bind 127.0.0.1:8080
"""

import os
import socket

from aiohttp import web

from ponty import Reply, build_app, get, health, json_logs, post, render_json, request_ids, routes, startmeup

FIRST_INHERITED = 3
"""The file descriptor of the first socket that systemd passes on (sd_listen_fds(3))."""

TABLES = [routes, health()]
MIDDLEWARES = [request_ids(trusted=["127.0.0.1", "unix"])]


@get("/pid")
@render_json
async def pid(request: web.Request) -> int:
    return os.getpid()


@post("/orders")
@render_json
async def order(request: web.Request) -> Reply[str]:
    return Reply(await request.text(), status=201)


async def app() -> web.Application:
    """Make the application of a gunicorn worker."""
    return build_app(routes=TABLES, middlewares=MIDDLEWARES)


if __name__ == "__main__":
    json_logs()
    delay = float(os.environ.get("READY_DELAY", "0"))
    if os.environ.get("LISTEN_PID") == str(os.getpid()):
        inherited = socket.socket(fileno=FIRST_INHERITED)
        startmeup(sock=inherited, routes=TABLES, middlewares=MIDDLEWARES, ready_delay=delay)
    else:
        startmeup(
            host=os.environ.get("HOST", "127.0.0.1"),
            port=int(os.environ.get("PORT", "8080")),
            reuse_port=True,
            routes=TABLES,
            middlewares=MIDDLEWARES,
            ready_delay=delay,
        )
