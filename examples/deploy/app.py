"""An application to deploy: as several processes of its own, or under gunicorn.

PORT=8080 python app.py & PORT=8080 python app.py; wait
gunicorn app:app --worker-class aiohttp.GunicornWebWorker --workers 2 --bind 127.0.0.1:8080
"""

import logging
import os
import sys

from aiohttp import web

from ponty import build_app, get, render_json, startmeup

logging.basicConfig(level=logging.INFO, stream=sys.stderr)


@get("/pid")
@render_json
async def pid(request: web.Request) -> int:
    return os.getpid()


@get("/health")
@render_json
async def health(request: web.Request) -> str:
    return "ok"


async def app() -> web.Application:
    """Make the application of a gunicorn worker."""
    return build_app()


if __name__ == "__main__":
    startmeup(port=int(os.environ.get("PORT", "8080")), reuse_port=True)
