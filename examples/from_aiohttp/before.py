"""The rooms of a house on bare aiohttp. `after.py` is the same on Ponty, and answers the same."""

import datetime
import json
import sqlite3
from collections.abc import AsyncIterator
from typing import Any, cast

from aiohttp import web
from aiohttp.typedefs import Handler

SCHEMA = """
CREATE TABLE rooms (id INTEGER PRIMARY KEY, name TEXT UNIQUE, beds INTEGER, since TEXT);
INSERT INTO rooms VALUES (1, 'blue', 2, '2020-05-01'), (2, 'red', 4, '2021-01-01');
"""
TOKENS = {"s3cret": "ann"}
DATABASE = web.AppKey("DATABASE", sqlite3.Connection)

routes = web.RouteTableDef()


def error(status: int, detail: str) -> web.Response:
    return web.json_response({"error": detail}, status=status)


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as problem:
        return error(problem.status, problem.reason)


@web.middleware
async def known_users(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.method != "GET":
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or token not in TOKENS:
            response = error(401, "who are you?")
            response.headers["WWW-Authenticate"] = "Bearer"
            return response
    return await handler(request)


async def database(app: web.Application) -> AsyncIterator[None]:
    connection = app[DATABASE] = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(SCHEMA)
    connection.row_factory = sqlite3.Row
    yield
    connection.close()


def find(request: web.Request) -> dict[str, Any]:
    found = request.app[DATABASE].execute("SELECT * FROM rooms WHERE id = ?", [int(request.match_info["id"])])
    row = found.fetchone()
    if row is None:
        raise web.HTTPNotFound
    return dict(row)


@routes.get("/rooms")
async def list_rooms(request: web.Request) -> web.Response:
    try:
        beds = int(request.query.get("beds", "1"))
    except ValueError:
        return error(400, "beds")
    rows = request.app[DATABASE].execute("SELECT * FROM rooms WHERE beds >= ? ORDER BY id", [beds])
    return web.json_response([dict(row) for row in rows])


@routes.get(r"/rooms/{id:\d{1,9}}")
async def show_room(request: web.Request) -> web.Response:
    return web.json_response(find(request))


def fault_of(room: Any) -> str | None:
    """Return the place that is wrong."""
    if not isinstance(room, dict):
        return "room"
    properties = cast(dict[str, Any], room)
    name, beds, since = (properties.get(key) for key in ("name", "beds", "since"))
    if not isinstance(name, str) or not name:
        return "name"
    if isinstance(beds, bool) or not isinstance(beds, int) or not 1 <= beds <= 20:
        return "beds"
    try:
        datetime.date.fromisoformat(since or "")
    except (TypeError, ValueError):
        return "since"
    return None


@routes.post("/rooms")
async def add_room(request: web.Request) -> web.Response:
    try:
        room: Any = await request.json()
    except json.JSONDecodeError:
        return error(400, "room")
    if fault := fault_of(room):
        return error(400, fault)
    try:
        insert = "INSERT INTO rooms (name, beds, since) VALUES (:name, :beds, :since) RETURNING *"
        made = dict(request.app[DATABASE].execute(insert, room).fetchone())
    except sqlite3.IntegrityError:
        return error(409, "this name is taken")
    return web.json_response(made, status=201, headers={"Location": f"/rooms/{made['id']}"})


@routes.delete(r"/rooms/{id:\d{1,9}}")
async def drop_room(request: web.Request) -> web.Response:
    room = find(request)
    request.app[DATABASE].execute("DELETE FROM rooms WHERE id = ?", [room["id"]])
    return web.Response(status=204)


def create_app(argv: list[str]) -> web.Application:
    """Build the application: `python -m aiohttp.web -H 127.0.0.1 -P 8080 before:create_app` serves it."""
    app = web.Application(middlewares=[errors_as_json, known_users])
    app.add_routes(routes)
    app.cleanup_ctx.append(database)
    return app
