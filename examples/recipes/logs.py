"""Logs as JSON, one object per line, each with the id of its request."""

import logging
import os

from aiohttp import web

from ponty import Routes, current_request_id, json_logs, render_json, request_ids, startmeup

log = logging.getLogger("shop")

mugs = Routes("/mugs")


@mugs.get("/{colour}")
@render_json
async def show_mug(request: web.Request) -> str | None:
    log.info("somebody looks at a mug")
    return current_request_id()


if __name__ == "__main__":
    log.setLevel(os.environ.get("LOG_LEVEL", "INFO"))
    json_logs(loggers=("shop",))
    startmeup(port=8080, routes=[mugs], middlewares=[request_ids(trusted=["127.0.0.1"])])
