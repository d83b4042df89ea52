"""The documentation names the modules that a request, and a miss, walk through: they are those, in that order."""

import asyncio
import pathlib
import re
import sys

import pytest

import ponty.core
import ponty.memo
import ponty.request

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import test_cost
import test_layers

DOCS = pathlib.Path(__file__).parent.parent / "docs"
OF_REQUESTS = DOCS / "explanation/life-of-a-request.rst"
OF_MISSES = DOCS / "memo-theory.rst"
COMPILED = "keys.wrapper"
"""What compiles the wrapper of a memoized function, which has no file."""


def named(page, words):
    """Return the modules that the first list after these words names, in order, each once."""
    _, found, rest = page.read_text().partition(words)
    assert found, words
    items = re.search(r"(?:^(?:#|\d+)\. .*\n(?:   .*\n)*)+", rest, re.MULTILINE).group()
    return list(dict.fromkeys(name.replace("/", ".") for name in re.findall(r"``([a-z_./]+)``", items)))


def entered(layer):
    """Return a profile function, and the list in which it notes the modules of a layer that are entered."""
    root = pathlib.Path(layer.__file__).parent
    modules = []

    def note(frame, event, _):
        if event == "call":
            file = frame.f_code.co_filename
            if file.startswith("<ponty.memo of"):
                modules.append(COMPILED)
            elif pathlib.Path(file).is_relative_to(root):
                modules.append(".".join(pathlib.Path(file).relative_to(root).with_suffix("").parts))

    return note, modules


async def walk(layer, go):
    """Return the modules of a layer in the order in which they are entered first, on a way that was gone before."""
    await go(0)
    note, modules = entered(layer)
    sys.setprofile(note)
    try:
        await go(1)
    finally:
        sys.setprofile(None)
    return list(dict.fromkeys(modules))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("search", "The value of a query"),
        ("body", "A good body goes on:"),
        ("body, two faults", "A body that is refused takes the longer way:"),
    ],
)
async def test_a_request_enters_the_modules_that_are_named(kind, words):
    app = test_cost.built()
    method, path, body, _ = test_cost.KINDS[kind]
    known = {file.stem for file in pathlib.Path(ponty.request.__file__).parent.rglob("*.py")}
    wanted = [name for name in named(OF_REQUESTS, words) if name.rpartition(".")[2] in known]
    assert await walk(ponty.request, lambda _: test_cost.answer(app, method, path, body)) == wanted


@pytest.mark.parametrize(
    ("kind", "words"), [("hello", "A handler's value becomes"), ("search, refused", "A request that is refused goes")]
)
async def test_an_answer_enters_the_modules_that_are_named(kind, words):
    app = test_cost.built()
    method, path, body, _ = test_cost.KINDS[kind]
    assert await walk(ponty.core, lambda _: test_cost.answer(app, method, path, body)) == named(OF_REQUESTS, words)


@pytest.mark.parametrize(
    ("layer", "page", "heading"),
    [
        ("core", OF_REQUESTS, "The folders of ``ponty.core``"),
        ("request", OF_REQUESTS, "The folders of ``ponty.request``"),
        ("memo", OF_MISSES, "The folders"),
    ],
)
def test_the_folders_of_a_layer_are_listed_from_top_to_bottom(layer, page, heading):
    """With those that stand side by side on one line; what is within a folder is its own affair."""
    _, found, rest = page.read_text().partition(f"\n{heading}\n---")
    assert found
    section = re.split(r"\n---+\n", rest)[0]
    listed = [" ".join(re.findall(r"``(.*?)``", line)) for line in re.findall(r"^``.*``$", section, re.MULTILINE)]
    root = test_layers.root_of(layer)
    rows = [
        " ".join(room for room in row.split() if "/" not in room and (root / room).is_dir())
        for row in test_layers.FOLDERS[layer]
    ]
    assert listed == [row for row in rows if row]


async def test_a_miss_enters_the_modules_that_are_named():
    @ponty.memo.localcache()
    async def double(number: int) -> int:
        await asyncio.sleep(0)
        return number * 2

    wanted = [name for name in named(OF_MISSES, "The way of a miss") if "." in name]
    assert await walk(ponty.memo, double) == wanted
