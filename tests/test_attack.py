"""`ponty attack`: a program that breaks its promises is found out, and one that keeps them is not."""

import asyncio
import json
import os
import pathlib
import random
import re
import subprocess
import sys

import jsonschema
import pytest
import warm

from ponty.command.attack.findings import Report
from ponty.command.attack.hostile.kinds import KINDS, kinds_for
from ponty.command.attack.promises import broken
from ponty.command.attack.report import told
from ponty.command.attack.requests import Case, Maker
from ponty.command.attack.run import Settings
from ponty.command.attack.shrink import smaller
from ponty.command.attack.target import Operation, operations
from ponty.command.attack.values import Values, matching
from ponty.command.attack.wire import Answer, Exchange, MalformedAnswer, read_answer

pytestmark = pytest.mark.programs

HERE = pathlib.Path(__file__).parent
PONTY = [sys.executable, "-c", "import sys; from ponty.command.cli import main; sys.argv[0] = 'ponty'; main()"]


def attack(*arguments, cwd=HERE, **environment):
    return warm.run(
        [*PONTY, "attack", *arguments],
        cwd=cwd,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )


BOUNDED = ["--seconds", "400", "--measure", "calls"]
"""By so many requests and counted work, however busy the machine is."""
PATIENT = ["--hold", "10"]
"""A program that holds nobody up may stand still because the machine is busy."""


def test_each_broken_promise_is_found_in_a_bounded_number_of_requests():
    found = attack("attacked/bad.py", "--yes", "--requests", "280", "--seed", "1", *BOUNDED)
    assert found.returncode == 1, found.stderr
    told = {*re.findall(r"^## ([^:]+): (\S+ \S+)$", found.stdout, re.MULTILINE)}
    assert told >= {
        ("answers", "GET /cuts"),
        ("no 5xx", "GET /fails"),
        ("small errors", "GET /long"),
        ("no echo", "GET /repeats"),
        ("described", "GET /otherwise"),
        ("in step", "GET /out-of-step"),
        ("cost", "POST /costs"),
        ("no holding up", "GET /holds"),
    }
    assert "GET /good" not in {operation for _, operation in told}
    assert found.stdout.startswith(f"# attacked/bad.py: {len(told)} promises were broken\n\nBy 280 requests")
    fails = found.stdout.partition("## no 5xx: GET /fails")[2].partition("\n## ")[0]
    assert re.search(r"```shell\ncurl -i --path-as-is -g -X GET .*/fails\?name=\S*\n```", fails)
    assert "seen once" not in fails
    assert re.search(r"Again: `ponty attack attacked/bad.py --seed 1 --requests \d+`", fails)
    assert "ZeroDivisionError" in found.stdout


def test_the_guesthouse_keeps_its_promises(tmp_path):
    found = attack(
        *("guesthouse", "--yes", "--requests", "300", "--seed", "3", *BOUNDED, *PATIENT),
        cwd=HERE.parent / "examples/guesthouse",
        DATABASE=str(tmp_path / "guesthouse.db"),
    )
    assert found.returncode == 0, found.stdout
    assert found.stdout.startswith("guesthouse has kept its promises: 300 requests of 9 operations")


def test_operations_behind_which_nothing_was_tried_are_counted_in_the_first_line():
    report = Report([], 40, ["GET /mine"], 3, 8080, "")
    first, _, rest = told(report, "shop", Settings(seed=1)).partition("\n")
    assert first == "shop has kept its promises: 40 requests of 3 operations, 1 of them without a valid one, seed 1."
    assert "No valid request was answered as one by GET /mine." in rest


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["attacked/bad.py"], "requests write and delete: say --yes, or ask with --read-only"),
        (["attacked/none.py", "--yes"], "there is no file attacked/none.py"),
        (["attacked/bad.py", "--yes", "--header", "secret"], "'secret' is no header"),
    ],
)
def test_what_cannot_be_attacked_is_told(arguments, message):
    told = attack(*arguments)
    assert told.returncode != 0
    assert message in told.stderr
    assert told.stdout == ""


NOTING = """
import pathlib
from aiohttp import web
from ponty import get, post, startmeup

@web.middleware
async def note(request, handler):
    with pathlib.Path("seen").open("a") as file:
        file.write(f"{request.method} {request.headers.get('X-Key')}\\n")
    return await handler(request)

@get("/mugs")
async def mugs(request):
    return web.Response(text="tea")

@post("/mugs")
async def order(request):
    return web.Response(text="made")

startmeup(port=8080, middlewares=[note])
"""


def test_only_what_changes_nothing_is_asked_with_read_only(tmp_path):
    (tmp_path / "noting.py").write_text(NOTING)
    options = ["--read-only", "--requests", "60", "--header", "X-Key: secret", *BOUNDED, *PATIENT]
    found = attack("noting.py", *options, cwd=tmp_path)
    assert found.returncode == 0, found.stdout
    seen = (tmp_path / "seen").read_text().splitlines()
    assert {line.split()[0] for line in seen} <= {"GET", "HEAD", "OPTIONS"}
    assert "GET secret" in seen


LOGIN = """
import dataclasses
from ponty import ParsedJsonBody, PontyError, Request, expect, post, render_json, startmeup

class WrongPassword(PontyError):
    status_code = 401

@dataclasses.dataclass
class Login:
    name: str
    password: str

class LogIn(Request):
    login = ParsedJsonBody(Login)

def turn(value):
    return value + 1

@post("/login", raises=[WrongPassword])
@expect(LogIn)
@render_json(str)
async def log_in(login):
    salted = 0
    for _ in range(20_000):  # as a slow hash of a password does
        salted = turn(salted)
    raise WrongPassword

startmeup(port=8080)
"""


def test_a_login_that_takes_long_over_each_password_breaks_no_promise(tmp_path):
    (tmp_path / "login.py").write_text(LOGIN)
    found = attack("login.py", "--yes", "--requests", "40", "--seed", "1", *BOUNDED, *PATIENT, cwd=tmp_path)
    assert found.returncode == 0, found.stdout


MUGS = """
from ponty import DoesNotExist, Request, RouteParameter, delete, expect, post, render_json, startmeup

MUGS = set()

class OneMug(Request):
    id = RouteParameter(str)

def take(id):
    if id not in MUGS:
        raise DoesNotExist
    return id

@post("/mugs")
@render_json(dict[str, str], status=201)
async def make(request):
    MUGS.add(id := f"mug-{len(MUGS)}")
    return {"id": id}

@delete(f"/mugs/{OneMug.id}", raises=[DoesNotExist])
@expect(OneMug)
@render_json(status=204)
async def drop(id):
    MUGS.remove(take(id))

@delete(f"/mugs/{OneMug.id}/handle", raises=[DoesNotExist])
@expect(OneMug)
@render_json(status=204)
async def drop_handle(id):
    take(id)

@post(f"/mugs/{OneMug.id}/sale", raises=[DoesNotExist])
@expect(OneMug)
@render_json(status=204)
async def sell(id):
    take(id)

startmeup(port=8080)
"""


def test_what_is_deleted_was_asked_for_before(tmp_path):
    """Whatever the order in which the program has its routes."""
    (tmp_path / "mugs.py").write_text(MUGS)
    found = attack("mugs.py", "--yes", "--requests", "1", "--seed", "1", *BOUNDED, *PATIENT, cwd=tmp_path)
    assert found.stdout == "mugs.py has kept its promises: 1 requests of 4 operations, seed 1.\n"


@pytest.mark.parametrize(
    ("method", "status", "promise"),
    [("GET", 503, None), ("HEAD", 503, None), ("PUT", 503, "no 5xx"), ("HEAD", 500, "no 5xx"), ("PUT", 501, None)],
)
def test_a_status_that_is_described_is_no_failure_of_the_method_or_of_head(method, status, promise):
    operation = Operation("GET", "/price", (), {}, {"503": {"description": "The bank is down."}}, False)
    answer = Answer(status, (("content-type", "application/problem+json"),), b"", 0)
    found = broken(Case(operation, "another method", method, "/price"), Exchange([answer]), {})
    assert (found and found[0]) == promise


def test_a_change_that_wants_a_version_is_asked_for_with_any():
    schema = {"name": "If-Match", "in": "header", "required": True, "schema": {"type": "string"}}
    operation = Operation("PATCH", "/mug", (schema,), {}, {}, False)
    versions = {maker({}, seed).case(operation).header("If-Match") for seed in range(20)}
    assert "*" in versions
    assert len(versions) > 1


@pytest.fixture(scope="module")
def document():
    """Return the description of the program that has everything."""
    sys.path.insert(0, str(HERE / "described"))
    try:
        import program
    finally:
        sys.path.pop(0)
    return json.loads(json.dumps(program.document()))


def maker(document, seed):
    decides = random.Random(seed)
    return Maker(Values(document, decides, {}), decides, [])


def test_the_same_seed_makes_the_same_requests(document):
    def made(seed):
        return [
            KINDS[kind](maker(document, seed).case(operation), maker(document, f"{seed} {kind}")).wire()
            for operation in operations(document)
            for kind in kinds_for(operation)
            if kind
        ]

    first = made(7)
    assert len(first) > 300
    assert made(7) == first
    assert made(8) != first


@pytest.mark.parametrize("edge", [False, True])
def test_valid_requests_are_valid(document, edge):
    """The values of most schemas are what they let in, those at their bounds too."""
    values = Values(document, random.Random(5), {})
    schemas = document["components"]["schemas"]
    for name in schemas:
        whole = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        validator = jsonschema.Draft202012Validator(whole)
        for _ in range(20):
            made = values.of(schemas[name], edge=edge)
            assert [error.message for error in validator.iter_errors(made)] == [], name


@pytest.mark.parametrize("edge", [False, True])
def test_a_choice_may_have_alternatives_of_several_types_or_of_any(edge):
    """As `Annotated[Decimal, Annotation(minimum=0)] | None` is described, and what is `true`."""
    price = {"anyOf": [{"type": ["string", "number"]}, {"type": "null"}]}
    properties = {"price": price, "rest": {"anyOf": [True]}}
    schema = {"type": "object", "properties": properties, "required": ["price", "rest"]}
    values = Values({}, random.Random(5), {})
    for depth in range(20):
        jsonschema.validate(values.of(schema, depth, edge=edge), schema)


@pytest.mark.parametrize(
    "pattern",
    [
        *("^[a-z][a-z0-9-]{0,39}$", r"\d+", r"^\w{3}-[^x]+$", "^(a|bc)*d?$", r"^-?[0-9]+(\.[0-9]+)?$"),
        *("[^@ ]+@[^@ ]+", ".{5}"),
    ],
)
def test_texts_are_made_that_match_a_pattern(pattern):
    for seed in range(30):
        made = matching(pattern, random.Random(seed))
        assert made is not None
        assert re.search(pattern, made)


def test_a_smaller_request_is_smaller(document):
    operation = next(each for each in operations(document) if each.path == "/mugs" and each.method == "POST")
    case = maker(document, 1).case(operation)
    found = [*smaller(case)]
    assert len(found) > 5
    assert all(len(each.wire()) < len(case.wire()) for each in found)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"HTTP/1.1 2000 OK\r\n\r\n", "its first line is"),
        (b"HTTP/1.1 200 OK\r\nA B: c\r\n\r\n", "a header is"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "its Content-Length is"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "the size of a chunk is"),
    ],
)
async def test_an_answer_that_is_none_is_told(data, message):
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    with pytest.raises(MalformedAnswer, match=message):
        await read_answer(reader, "GET")


async def test_answers_are_read_one_after_another():
    reader = asyncio.StreamReader()
    reader.feed_data(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x\r\nc\r\n0\r\n\r\n"
        b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.0 200 OK\r\nConnection: close\r\n\r\nrest"
    )
    reader.feed_eof()
    answers = [await read_answer(reader, "GET") for _ in range(5)]
    assert [answer and (answer.status, answer.body, answer.closes) for answer in answers] == [
        (200, b"ab", False),
        (200, b"c", False),
        (204, b"", False),
        (200, b"rest", True),
        None,
    ]
    assert answers[1].size == len(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x\r\nc\r\n0\r\n\r\n")
