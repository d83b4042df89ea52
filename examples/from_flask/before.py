"""A list of notes on Flask. `after.py` is the same on Ponty."""

import sqlite3
from typing import Any

from flask import Blueprint, Flask, Response, abort, current_app, g, jsonify, make_response, request
from werkzeug.exceptions import HTTPException

SCHEMA = """
CREATE TABLE IF NOT EXISTS users (token TEXT UNIQUE, name TEXT);
INSERT OR IGNORE INTO users VALUES ('s3cret', 'ann'), ('0ther', 'bob');
CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, owner TEXT, text TEXT, tag TEXT);
"""

notes = Blueprint("notes", __name__, url_prefix="/notes")


def database() -> sqlite3.Connection:
    if "database" not in g:
        g.database = sqlite3.connect(current_app.config["DATABASE"])
        g.database.row_factory = sqlite3.Row
    connection: sqlite3.Connection = g.database
    return connection


def close(error: BaseException | None) -> None:
    connection = g.pop("database", None)
    if connection is not None:
        if error is None:
            connection.commit()
        connection.close()


@notes.before_request
def know_user() -> None:
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    found = database().execute("SELECT name FROM users WHERE token = ?", [token]).fetchone()
    if found is None:
        abort(make_response(jsonify(error="who are you?"), 401, {"WWW-Authenticate": "Bearer"}))
    g.user = found["name"]


def find(number: int) -> dict[str, Any]:
    query = "SELECT id, text, tag FROM notes WHERE id = ? AND owner = ?"
    row = database().execute(query, [number, g.user]).fetchone()
    if row is None:
        abort(404)
    return dict(row)


@notes.get("")
def list_notes() -> Response:
    tag, limit = request.args.get("tag"), request.args.get("limit", 20, type=int)
    query = "SELECT id, text, tag FROM notes WHERE owner = ? AND (? IS NULL OR tag = ?) ORDER BY id LIMIT ?"
    return jsonify([dict(row) for row in database().execute(query, [g.user, tag, tag, limit])])


@notes.post("")
def add_note() -> tuple[Response, int, dict[str, str]]:
    note = request.get_json()
    if not isinstance(note, dict) or not isinstance(note.get("text"), str) or not note["text"]:
        abort(400)
    insert = "INSERT INTO notes (owner, text, tag) VALUES (?, ?, ?)"
    number = database().execute(insert, [g.user, note["text"], note.get("tag", "")]).lastrowid or 0
    return jsonify(find(number)), 201, {"Location": f"/notes/{number}"}


@notes.get("/<int:number>")
def show_note(number: int) -> Response:
    return jsonify(find(number))


@notes.delete("/<int:number>")
def drop_note(number: int) -> tuple[str, int]:
    find(number)
    database().execute("DELETE FROM notes WHERE id = ?", [number])
    return "", 204


def answer_error(error: HTTPException) -> Response:
    return make_response(jsonify(error=error.name), error.code or 500)


def create_app(database: str = "notes.db") -> Flask:
    app = Flask(__name__)
    app.config["DATABASE"] = database
    app.register_blueprint(notes)
    app.teardown_appcontext(close)
    app.register_error_handler(404, answer_error)
    app.register_error_handler(400, answer_error)
    with sqlite3.connect(database) as connection:
        connection.executescript(SCHEMA)
    connection.close()
    return app
