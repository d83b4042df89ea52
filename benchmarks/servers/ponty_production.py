"""Ponty with what a production has on: a JSON access log, request ids, metrics, CORS and security headers."""

import sys

import ponty_app  # noqa: F401 - its routes

from ponty import cors, json_logs, metrics, request_ids, routes, security_headers, startmeup

if __name__ == "__main__":
    json_logs()
    startmeup(
        port=int(sys.argv[1]),
        routes=[routes, metrics()],
        middlewares=[request_ids(), cors(["https://shop.example"]), security_headers()],
    )
