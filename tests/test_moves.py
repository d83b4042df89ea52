"""An application that was moved to Ponty answers as it did before: both are asked the same, one thing after another.

What is compared is what a client builds on: the status, the document, and the headers that say something. Of an invalid
request, each framework tells the places that are wrong in words of its own; here it is the places that are compared.
"""

import json
import pathlib
import re
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

EXAMPLES = pathlib.Path(__file__).parent.parent / "examples"
ANN = {"Authorization": "Bearer s3cret"}
GUESSED = {"Authorization": "Bearer guessed"}

CONVERSATION = [
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
        return status, json.loads(content)["detail"]
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
def shop_on_fastapi():
    """Serve the shop as it was, and return its address."""
    command = [sys.executable, "-m", "uvicorn", "before:app", "--port=0", "--no-access-log"]
    process = subprocess.Popen(command, cwd=EXAMPLES / "from_fastapi", stderr=subprocess.PIPE, text=True)
    try:
        log = []
        for line in process.stderr:
            log.append(line)
            if match := re.search(r"running on (http://[\d.:]+)", line):
                break
        else:
            raise AssertionError("".join(log))
        yield match[1]
    finally:
        process.kill()
        process.communicate()


def test_a_shop_moved_from_fastapi_answers_as_before(shop_on_fastapi, run):
    _, address = run("from_fastapi/after.py")
    before = [ask(shop_on_fastapi, *question) for question in CONVERSATION]
    after = [ask(address, *question) for question in CONVERSATION]
    assert {status for status, *_ in before} == {200, 201, 204, 401, 404, 410, 422}
    differences = [each for each in zip(CONVERSATION, before, after, strict=True) if each[1] != each[2]]
    assert differences == []
