"""An application that was moved to Ponty answers as it did before: both are asked the same, one thing after another.

What is compared is what a client builds on: the status, the document, and the headers that say something. Of an invalid
request, each framework tells the places that are wrong in words of its own; here it is the places that are compared.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
import warm

pytestmark = pytest.mark.programs

EXAMPLES = pathlib.Path(__file__).parent.parent / "examples"
ANN = {"Authorization": "Bearer s3cret"}
GUESSED = {"Authorization": "Bearer guessed"}

SHOP = [
    ("GET", "/mugs", {}, None),
    ("GET", "/mugs?colour=blue&colour=green", {}, None),
    ("GET", "/mugs?limit=1", {}, None),
    ("GET", "/mugs?limit=0&colour=pink", {}, None),
    ("GET", "/mugs?limit=ten", {}, None),
    ("GET", "/mugs/1", {}, None),
    ("GET", "/mugs/9", {}, None),
    ("POST", "/mugs", ANN, {"colour": "green", "price": "5.00"}),
    ("GET", "/mugs/3", {}, None),
    ("POST", "/mugs", {}, {"colour": "green", "price": "5.00"}),
    ("POST", "/mugs", GUESSED, {"colour": "green", "price": "5.00"}),
    ("POST", "/mugs", ANN, {"colour": "pink", "price": "5", "note": "x" * 21}),
    ("POST", "/mugs", ANN, {"colour": "red", "price": 5}),
    ("PATCH", "/mugs/2", ANN, {}),
    ("PATCH", "/mugs/2", ANN, {"price": "9.90"}),
    ("PATCH", "/mugs/2", ANN, {"note": None}),
    ("GET", "/mugs/2", {}, None),
    ("PATCH", "/mugs/9", ANN, {"note": None}),
    ("POST", "/mugs/1/sale", ANN, None),
    ("POST", "/mugs/1/sale", ANN, None),
    ("GET", "/mugs/1", {}, None),
    ("DELETE", "/mugs/1", ANN, None),
    ("DELETE", "/mugs/1", ANN, None),
    ("GET", "/me", ANN, None),
    ("GET", "/me", ANN | {"Accept-Language": "de", "Cookie": "theme=dark"}, None),
    ("GET", "/me", {}, None),
    ("GET", "/stock.csv", {}, None),
    ("GET", "/mugs", {"Origin": "https://shop.example"}, None),
    ("GET", "/mugs", {"Origin": "https://elsewhere.example"}, None),
]

BOB = {"Authorization": "Bearer 0ther"}

NOTES = [
    ("GET", "/notes", ANN, None),
    ("POST", "/notes", ANN, {"text": "milk", "tag": "shopping"}),
    ("POST", "/notes", ANN, {"text": "call Bob"}),
    ("POST", "/notes", BOB, {"text": "call Ann"}),
    ("GET", "/notes", ANN, None),
    ("GET", "/notes?tag=shopping", ANN, None),
    ("GET", "/notes?limit=1", ANN, None),
    ("GET", "/notes/1", ANN, None),
    ("GET", "/notes/1", BOB, None),
    ("GET", "/notes/99", ANN, None),
    ("GET", "/notes", GUESSED, None),
    ("POST", "/notes", {}, {"text": "milk"}),
    ("DELETE", "/notes/1", BOB, None),
    ("DELETE", "/notes/1", ANN, None),
    ("DELETE", "/notes/1", ANN, None),
    ("GET", "/notes", ANN, None),
]

LIBRARY = [
    ("GET", "/books", {}, None),
    ("GET", "/books?genre=essay&genre=poems", {}, None),
    ("GET", "/books?limit=1", {}, None),
    ("GET", "/books?limit=0", {}, None),
    ("GET", "/books?limit=ten", {}, None),
    ("GET", "/books?genre=thriller", {}, None),
    ("GET", "/books/1", {}, None),
    ("GET", "/books/9", {}, None),
    ("GET", "/nothing", {}, None),
    ("POST", "/books", ANN, {"title": "Odes", "genre": "poems", "pages": 90}),
    ("GET", "/books/3", {}, None),
    ("POST", "/books", {}, {"title": "Odes", "genre": "poems", "pages": 90}),
    ("POST", "/books", GUESSED, {"title": "Odes", "genre": "poems", "pages": 90}),
    ("POST", "/books", BOB, {"title": "Odes", "genre": "poems", "pages": 90}),
    ("POST", "/books", ANN, {"title": "", "genre": "poems", "pages": 90}),
    ("POST", "/books", ANN, {"title": "Odes", "genre": "thriller", "pages": 90}),
    ("POST", "/books", ANN, {"title": "Odes", "genre": "poems", "pages": 0}),
    ("PATCH", "/books/2", ANN, {}),
    ("PATCH", "/books/2", ANN, {"pages": 360}),
    ("PATCH", "/books/2", ANN, {"title": None}),
    ("PATCH", "/books/2", BOB, {"pages": 1}),
    ("GET", "/books/2", {}, None),
    ("PATCH", "/books/9", ANN, {"pages": 360}),
    ("POST", "/books/1/loan", BOB, None),
    ("POST", "/books/1/loan", ANN, None),
    ("GET", "/books/1", {}, None),
    ("POST", "/books/9/loan", BOB, None),
    ("DELETE", "/books/1", BOB, None),
    ("DELETE", "/books/1", ANN, None),
    ("DELETE", "/books/1", ANN, None),
    ("GET", "/me", ANN, None),
    ("GET", "/me", BOB | {"Accept-Language": "de", "Cookie": "theme=dark"}, None),
    ("GET", "/me", {}, None),
    ("GET", "/catalogue.jsonl", {}, None),
    ("GET", "/books", {"Origin": "https://library.example"}, None),
    ("GET", "/books", {"Origin": "https://elsewhere.example"}, None),
]

BLUE = {"name": "blue", "beds": 3, "since": "2022-02-02"}
GREEN = BLUE | {"name": "green"}

ROOMS = [
    ("GET", "/rooms", {}, None),
    ("GET", "/rooms?beds=3", {}, None),
    ("GET", "/rooms?beds=many", {}, None),
    ("GET", "/rooms/1", {}, None),
    ("GET", "/rooms/9", {}, None),
    ("GET", "/rooms/one", {}, None),
    ("POST", "/rooms", ANN, GREEN),
    ("GET", "/rooms/3", {}, None),
    ("POST", "/rooms", {}, GREEN),
    ("POST", "/rooms", GUESSED, GREEN),
    ("POST", "/rooms", ANN, BLUE),
    ("POST", "/rooms", ANN, GREEN | {"name": ""}),
    ("POST", "/rooms", ANN, GREEN | {"beds": 0}),
    ("POST", "/rooms", ANN, GREEN | {"beds": True}),
    ("POST", "/rooms", ANN, GREEN | {"beds": "3"}),
    ("POST", "/rooms", ANN, GREEN | {"since": "2022-02-30"}),
    ("POST", "/rooms", ANN, []),
    ("DELETE", "/rooms/1", {}, None),
    ("DELETE", "/rooms/1", ANN, None),
    ("DELETE", "/rooms/1", ANN, None),
    ("GET", "/rooms", {}, None),
]

SAYING = ("content-type", "location", "www-authenticate", "access-control-allow-origin")
"""The headers that are compared, of answers that are no errors."""


def ask(address, method, path, headers, value):
    body = None if value is None else json.dumps(value).encode()
    headers = headers | ({} if value is None else {"Content-Type": "application/json"})
    request = urllib.request.Request(address + path, data=body, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return told(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return told(error.code, error.headers, error.read())


def told(status, headers, content):
    """Return what a client builds on."""
    if status == 401:
        return status, headers["WWW-Authenticate"].split()[0]
    if status == 422:
        return status, places(json.loads(content))
    if status >= 400:
        document = json.loads(content)
        if "extra" in document:
            return status, [(fault["source"], fault["key"]) for fault in document["extra"]]
        return status, next(document[name] for name in ("detail", "error", "title") if name in document)
    if status == 204:
        return status, content
    # Blanks in a header, and the charset of JSON, are each one's own.
    kept = {name: headers[name].replace(" ", "").removesuffix(";charset=utf-8") for name in SAYING if name in headers}
    is_json = kept.get("content-type") == "application/json"
    return status, kept, json.loads(content) if is_json else content


def places(document):
    """Return the places of an invalid request that are wrong, of FastAPI's document or of Ponty's."""
    if "errors" in document:
        found = [(fault["in"], fault["pointer"][1:], fault["name"]) for fault in document["errors"]]
        return sorted((part, pointer if part == "body" else name) for part, pointer, name in found)
    return sorted(tuple(map(str, error["loc"][:2])) for error in document["detail"])


@pytest.fixture
def serve(tmp_path):
    """Serve an application by a server of its own: `python -m` with these words, which says where it runs."""
    started = []

    def serve(folder, *words):
        command = [sys.executable, "-m", *words]
        environment = os.environ | {"PYTHONPATH": str(EXAMPLES / folder), "PYTHONUNBUFFERED": "1"}
        both = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        process = warm.Popen(command, cwd=tmp_path, env=environment, text=True, **both)
        started.append(process)
        log = []
        for line in process.stdout:
            log.append(line)
            if match := re.search(r"(?i)running on (http://[\d.:]+)", line):
                return match[1]
        raise AssertionError("".join(log))

    yield serve
    for process in started:
        process.kill()
        process.communicate()


def compare(conversation, before, after):
    """Ask both, one after the other, and return the statuses that there were."""
    answered = [ask(before, *question) for question in conversation]
    answers = [ask(after, *question) for question in conversation]
    differences = [each for each in zip(conversation, answered, answers, strict=True) if each[1] != each[2]]
    assert differences == []
    return {status for status, *_ in answered}


def test_a_shop_moved_from_fastapi_answers_as_before(serve, run):
    before = serve("from_fastapi", "uvicorn", "before:app", "--port=0", "--no-access-log")
    _, after = run("from_fastapi/after.py")
    assert compare(SHOP, before, after) == {200, 201, 204, 401, 404, 410, 422}


def test_notes_moved_from_flask_are_answered_as_before(serve, run, tmp_path):
    (tmp_path / "after").mkdir()
    before = serve("from_flask", "flask", "--app", "before:create_app", "run", "--port=0")
    _, after = run("from_flask/after.py", cwd=tmp_path / "after")
    assert compare(NOTES, before, after) == {200, 201, 204, 401, 404}


def test_a_library_moved_from_litestar_answers_as_before(serve, run):
    before = serve("from_litestar", "uvicorn", "before:app", "--port=0", "--no-access-log")
    _, after = run("from_litestar/after.py")
    assert compare(LIBRARY, before, after) == {200, 201, 204, 400, 401, 403, 404, 409}


def test_rooms_moved_from_bare_aiohttp_are_answered_as_before(serve, run):
    before = serve("from_aiohttp", "aiohttp.web", "--hostname=127.0.0.1", "--port=0", "before:create_app")
    _, after = run("from_aiohttp/after.py")
    assert compare(ROOMS, before, after) == {200, 201, 204, 400, 401, 404, 409}
