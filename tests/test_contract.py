"""`ponty contract`, called as a user calls it: the file is written, and holds a program to it."""

import json
import os
import re
import shutil
import sys

import pytest
import warm
from hypothesis import given
from hypothesis import strategies as st

from ponty import DoesNotExist, Routes, api_docs, build_app, render_json
from ponty.command.describing import document_of
from ponty.command.json_lines import line_of, lines_of

pytestmark = pytest.mark.programs

PONTY = [sys.executable, "-c", "import sys; from ponty.command.cli import main; sys.argv[0] = 'ponty'; main()"]
SHOP = '''
import dataclasses
from typing import Annotated
from ponty import Annotation, ParsedJsonBody, QueryParameter, Request, expect, get, post, render_json, startmeup

@dataclasses.dataclass
class NewMug:
    note: Annotated[str, Annotation(maxLength=500)]

class Order(Request):
    mug = ParsedJsonBody(NewMug)

@post("/mugs")
@expect(Order)
@render_json(NewMug)
async def order(mug: NewMug) -> NewMug:
    """Order a mug."""
    return mug

class Find(Request):
    size = QueryParameter(int, default=1)

@get("/mugs")
@expect(Find)
@render_json(list[NewMug])
async def find(size: int) -> list[NewMug]:
    return []

startmeup(port=0)
'''


@pytest.fixture
def contract(tmp_path):
    """Return a function that calls the command for a version of the shop: its status, and what it says."""

    def call(*arguments, changed=(), app="shop.py"):
        text = SHOP
        for old, new in changed:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "shop.py").write_text(text)
        # What was compiled of a text of the same length, written in the same second, would be taken for this one's.
        shutil.rmtree(tmp_path / "__pycache__", ignore_errors=True)
        done = warm.run(
            [*PONTY, "contract", app, *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            env=os.environ,
        )
        return done.returncode, done.stdout, done.stderr

    return call


SHORTER = ("maxLength=500", "maxLength=400")
LONGER = ("maxLength=500", "maxLength=600")
COLOUR = ("maxLength=500)]", 'maxLength=500)]\n    colour: str = "red"')


def test_a_program_that_has_not_changed_is_checked_in_silence(contract, tmp_path):
    assert contract("--write") == (0, "made openapi.lock.json\n", "")
    held = (tmp_path / "openapi.lock.json").read_bytes()
    assert contract() == contract("--write") == (0, "", "")
    assert (tmp_path / "openapi.lock.json").read_bytes() == held
    # What is said to people is no part of it.
    reworded = [("Order a mug.", "Order a mug, or two."), ("maxLength=500", "maxLength=500, description='D'")]
    assert contract("--check", changed=reworded) == (0, "", "")


def test_what_breaks_clients_is_told_with_its_line_and_what_would_break_nobody(contract, tmp_path):
    contract("--write")
    status, told, errors = contract("--check", changed=[SHORTER])
    assert status == 1
    line = int(re.match(r"openapi\.lock\.json:(\d+): breaks: ", told)[1])
    assert '"maxLength": 500' in (tmp_path / "openapi.lock.json").read_text().splitlines()[line - 1]
    assert told.splitlines()[0].endswith(
        "POST /mugs, body, application/json, note: has another maxLength; to break nobody, let it be 500, or looser"
    )
    assert errors == "1 change breaks clients. Where that is meant: ponty contract shop.py --write --accept-breaks\n"


def test_what_breaks_nobody_is_told_and_is_to_be_written(contract):
    contract("--write")
    status, told, errors = contract("--check", changed=[COLOUR])
    assert status == 1
    assert re.fullmatch(
        r"openapi.lock.json:\d+: changed: GET /mugs, 200, .*, colour: is new \(and in 2 other places\)\n", told
    )
    assert errors == "openapi.lock.json is not up to date, and no client breaks: ponty contract shop.py --write\n"
    assert contract("--write", changed=[COLOUR])[0] == 0
    assert contract("--check", changed=[COLOUR]) == (0, "", "")


def test_what_breaks_clients_is_written_only_where_that_is_meant(contract, tmp_path):
    contract("--write")
    held = (tmp_path / "openapi.lock.json").read_bytes()
    assert contract("--write", changed=[SHORTER])[0] == 1
    assert (tmp_path / "openapi.lock.json").read_bytes() == held
    assert contract("--write", "--accept-breaks", changed=[SHORTER])[0] == 0
    assert contract("--check", changed=[SHORTER]) == (0, "", "")


def test_what_is_taken_may_widen_and_what_is_sent_may_not(contract):
    """The class is both: a longer note is taken, and is one that clients may not read."""
    contract("--write")
    _, told, _ = contract(changed=[LONGER])
    assert [re.sub(r"^\S+ ", "", line.partition(";")[0]) for line in told.splitlines()] == [
        "breaks: GET /mugs, 200, application/json, data, items, note: has another maxLength (and in one other place)",
        "changed: POST /mugs, body, application/json, note: has another maxLength",
    ]


def test_a_route_that_is_gone_and_a_default_that_is_another_are_told(contract, tmp_path):
    contract("--write")
    _, told, _ = contract(changed=[('@post("/mugs")', '@post("/cups")'), ("default=1", "default=2")])
    assert "breaks: POST /mugs: is gone; to break nobody, keep it, deprecated, for as long as somebody may ask" in told
    assert "breaks: GET /mugs, query size: has another default; to break nobody, leave it at 1" in told
    assert "changed: POST /cups: is new" in told


def test_the_file_stands_where_it_is_said_to(contract, tmp_path):
    assert contract("--write", app="shop")[1] == "made openapi.lock.json\n"
    assert contract("--check", app=str(tmp_path / "shop.py")) == (0, "", "")
    assert contract("--write", "--lock", "held.json")[1] == "made held.json\n"
    assert (tmp_path / "held.json").read_text() == (tmp_path / "openapi.lock.json").read_text()


def test_a_file_that_is_missing_or_none_of_json_is_told(contract, tmp_path):
    assert contract("--check") == (
        1,
        "",
        "Error: there is no openapi.lock.json: make it with --write, and put it under version control\n",
    )
    (tmp_path / "openapi.lock.json").write_text('{\n<<<<<<< ours\n  "paths": {}\n}')
    assert contract("--check")[2] == "Error: openapi.lock.json:2: this is not JSON; a merge may have left it so\n"


def test_what_a_program_says_at_its_page_of_documentation_is_described_too():
    """Of an envelope of one's own, routes do not tell what it looks like."""
    table = Routes()

    @table.get("/mugs")
    @render_json(list[str])
    async def mugs(request): ...

    def whole(schema):
        return {"type": "object", "properties": {"mugs": schema}, "required": ["mugs"]}

    app = build_app(routes=[table, api_docs(table, title="T", version="1", envelope=whole)])
    document = document_of(app, title="Mugs", version="2")
    answer = document["paths"]["/mugs"]["get"]["responses"]["200"]
    assert answer["content"]["application/json"]["schema"]["required"] == ["mugs"]
    assert document["info"] == {"title": "Mugs", "version": "2"}


def test_a_program_is_called_as_its_one_page_of_documentation_says():
    table = Routes()

    @table.get("/mugs", raises=[DoesNotExist])
    @render_json(list[str])
    async def mugs(request): ...

    first, second = (
        api_docs(table, title=f"Mugs {n}", version=f"1.{n}", path=f"/{n}/docs", problem=str) for n in range(2)
    )
    document = document_of(build_app(routes=[table, first]), name="app")
    assert document["info"] == {"title": "Mugs 0", "version": "1.0"}
    assert [*document["paths"]["/mugs"]["get"]["responses"]["404"]["content"]] == ["application/json"]
    assert document_of(build_app(routes=[table, first, second]), name="app")["info"] == {"title": "app", "version": "0"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=10,
)


def parts(value, pointer=""):
    """Return the pointer of each part of a value."""
    yield pointer
    named = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in named:
        yield from parts(inner, f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}")


@given(value=json_values, indent=st.sampled_from([None, 2]))
def test_each_part_of_a_text_has_a_line(value, indent):
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    lines = lines_of(text)
    assert [*lines] == [*parts(value)]
    assert [*lines.values()] == sorted(lines.values())
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())


def test_the_line_of_a_part_is_that_of_its_name_or_of_what_is_around_it():
    lines = lines_of('{\n  "a": [\n    1,\n    {"b/c": 2}\n  ],\n\n  "d": "}]\\""\n}\n')
    assert lines == {"": 1, "/a": 2, "/a/0": 3, "/a/1": 4, "/a/1/b~1c": 4, "/d": 7}
    assert line_of(lines, "/a/1/x/y") == 4
    assert line_of(lines, "/z") == 1
