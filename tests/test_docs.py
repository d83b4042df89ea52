"""What the documentation and the READMEs show is what happens.

The Python of a page runs as one program, from top to bottom, over a Redis server of the tests' own. What its `$ curl`
lines ask is asked of the routes so far, with the arguments that the page gives to `startmeup`, and the answer must be
the one shown.
"""

import asyncio
import pathlib
import re
import shlex
import sys
import textwrap
import types

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from sybil import Document
from sybil.parsers.markdown import CodeBlockParser as MarkdownParser
from sybil.parsers.rest import CodeBlockParser as RestParser

import ponty
from ponty import build_app
from ponty.core import routing

ROOT = pathlib.Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("packages/*/README.md")), *sorted(ROOT.glob("docs/**/*.rst"))]


def blocks(path, language):
    """Give the code blocks of a page in `language`, each with its position."""
    parser = RestParser if path.suffix == ".rst" else MarkdownParser
    document = Document(path.read_text(), str(path))
    return [(region.start, textwrap.dedent(region.parsed)) for region in parser(language, lambda _: None)(document)]


def without_clocks(text):
    """Blank what differs from one moment to the next."""
    return re.sub(r'"(elapsed|now)":\d+', r'"\1":0', text)


def parse_curl(line):
    """Read a command line of curl: method, URL, headers, body, and whether it shows the head of the answer."""
    words = iter(shlex.split(line)[1:])
    method, url, headers, body, head = None, "", {}, None, False
    for word in words:
        match word:
            case "-s":
                pass
            case "-si":
                head = True
            case "-X":
                method = next(words)
            case "-H":
                name, _, value = next(words).partition(": ")
                headers[name] = value
            case "-d":
                body = next(words)
            case _:
                assert re.match(r"http://127\.0\.0\.1:8080/", word), f"unknown in a curl line: {word}"
                url = word.removeprefix("http://127.0.0.1:8080")
    return method or ("POST" if body else "GET"), url, headers, body, head


async def ask(line, options):
    """Give what curl would print, with those headers only that stand in the page."""
    method, url, headers, body, head = parse_curl(line)
    async with (
        TestServer(build_app(**options)) as server,
        aiohttp.ClientSession() as session,
        session.request(
            method,
            server.make_url(url),
            headers=headers,
            data=body,
            allow_redirects=False,
            skip_auto_headers=["Content-Type"],
        ) as answer,
    ):
        text = await answer.text()
        if head:
            lines = [f"{name}: {value}" for name, value in answer.headers.items()]
            return f"HTTP/1.1 {answer.status} {answer.reason}", lines, text
        return None, [], text


def check_curl(line, shown, options):
    status, headers, body = asyncio.run(ask(line, options))
    if status is not None:
        head, _, shown = shown.partition("\n\n")
        assert head.splitlines()[0] == status
        assert set(head.splitlines()[1:]) <= set(headers)
    assert without_clocks(shown.rstrip("\n")) == without_clocks(body)


def run_page(path, monkeypatch, redis_url="redis://127.0.0.1:6379"):
    """Run a page with its Redis at `redis_url`, and give how many blocks of it ran."""
    monkeypatch.setattr(routing, "_routes", {})
    options = {}

    def startmeup(*, port, **arguments):
        assert port == 8080
        options.update(arguments)

    for module in (ponty, ponty.core):
        monkeypatch.setattr(module, "startmeup", startmeup)
    # Dataclasses look up their module by name.
    module = types.ModuleType("page")
    monkeypatch.setitem(sys.modules, "page", module)
    ran = 0
    parts = [(start, "python", text) for start, text in blocks(path, "python")]
    parts += [(start, "console", text) for start, text in blocks(path, "console")]
    for _, language, text in sorted(parts):
        if language == "python":
            module.__dict__["__name__"] = "page"
            code = text.replace('if __name__ == "__main__":', "if True:").replace("redis://127.0.0.1:6379", redis_url)
            exec(compile(code, str(path), "exec", dont_inherit=True), module.__dict__)
        else:
            for command in re.split(r"(?m)^\$ ", text)[1:]:
                line, _, shown = command.partition("\n")
                check_curl(line, shown, options)
        ran += 1
    return ran


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_shows_what_happens(path, monkeypatch, redis_url):
    shown = len(re.findall(r"(?m)^ *(?:\.\. code-block:: |```)(?:python|console)$", path.read_text()))
    assert run_page(path, monkeypatch, redis_url) == shown


def test_a_false_answer_is_caught(tmp_path, monkeypatch):
    page = tmp_path / "page.rst"
    source = (ROOT / "docs/retry.rst").read_text() + (
        "\n.. code-block:: console\n\n    $ curl -s http://127.0.0.1:8080/nothing\n    {}\n"
    )
    page.write_text(source)
    with pytest.raises(AssertionError):
        run_page(page, monkeypatch)


def test_the_two_commands_stand_in_the_readme_and_ci_runs_the_second():
    readme, gate = (ROOT / "README.md").read_text(), (ROOT / ".ci/run").read_text()
    setup = "python3 -m venv .venv && .venv/bin/pip install -q hatch && .venv/bin/hatch"
    assert f"```shell\n{setup} run hello\n```" in readme
    assert f"```shell\n{setup} test\n```" in readme
    assert f"\n{setup} test\n" in gate


def test_each_package_has_the_licence():
    licence = (ROOT / "LICENSE").read_text()
    for path in ROOT.glob("packages/*/LICENSE"):
        assert path.read_text() == licence
