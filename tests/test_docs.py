"""What the documentation and the READMEs show is what happens.

The Python of a page runs as one program, from top to bottom, over a Redis server of the tests' own; a file of
`examples/` that serves and that the page includes begins another one. What its `$ curl` lines ask is asked of a server
of the routes so far, with the arguments that the page gives to `startmeup`, and the answer must be the one shown. The
server lives until more Python comes.
"""

import asyncio
import doctest
import gc
import importlib.machinery
import importlib.util
import io
import json
import mimetypes
import operator
import pathlib
import re
import shlex
import sys
import textwrap

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from sybil import Document
from sybil.parsers.markdown import CodeBlockParser as MarkdownParser
from sybil.parsers.rest import CodeBlockParser as RestParser

import ponty
from ponty import build_app
from ponty.memo import invalidate

ROOT = pathlib.Path(__file__).parent.parent
PAGES = [
    ROOT / "README.md",
    *sorted(ROOT.glob("packages/*/README.md")),
    *(page for kind in ("rst", "md") for page in sorted(ROOT.glob(f"docs/**/*.{kind}"))),
]

REDIS = "redis://127.0.0.1:6379"
"""The server of Redis that the pages name."""

LANGUAGES = ("python", "console", "pycon")


def blocks(path, language):
    """Return the code blocks of a page in `language`, each with its position."""
    parser = RestParser if path.suffix == ".rst" else MarkdownParser
    document = Document(path.read_text(), str(path))
    return [(region.start, textwrap.dedent(region.parsed)) for region in parser(language, lambda _: None)(document)]


def without_clocks(text):
    """Blank what differs from one moment to the next."""
    return re.sub(r'("(?:elapsed|now)": ?)\d+', r"\g<1>0", text)


def parse_curl(line):
    """Read a command line of curl: method, URL, headers, body, and whether its answer has a head and is laid out."""
    command, _, laid_out = line.partition(" | ")
    assert laid_out in {"", "python3 -m json.tool"}, laid_out
    words = iter(shlex.split(command)[1:])
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
                headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
            case "-F":
                body = body or aiohttp.FormData(default_to_multipart=True)
                add_part(body, *next(words).split("=", 1))
            case _:
                assert re.match(r"http://127\.0\.0\.1:8080/", word), f"unknown in a curl line: {word}"
                url = word.removeprefix("http://127.0.0.1:8080")
    return method or ("POST" if body else "GET"), url, headers, body, head, bool(laid_out)


def add_part(form, name, value):
    """Add to a form what curl adds for `name=value`, or the file for `name=@path`, from the root of the repository."""
    if value.startswith("@"):
        file = ROOT / value[1:]
        form.add_field(name, file.read_bytes(), filename=file.name, content_type=mimetypes.guess_type(file.name)[0])
    else:
        form.add_field(name, value)


class Program:
    """What a page has shown so far, as a running program: its module, and a server from the first `$ curl` on."""

    def __init__(self, path, monkeypatch, redis_url):
        self.path = path
        self.redis_url = redis_url
        self.monkeypatch = monkeypatch
        self.options = {}
        self.serving = None
        gc.freeze()
        self.table = ponty.routes.emptied()
        self.table.__enter__()
        # Dataclasses look up their module by name.
        loader = importlib.machinery.SourceFileLoader("page", str(path))
        self.module = importlib.util.module_from_spec(importlib.machinery.ModuleSpec("page", loader))
        monkeypatch.setitem(sys.modules, "page", self.module)
        for module in (ponty, ponty.core):
            monkeypatch.setattr(module, "startmeup", self.startmeup)

    def startmeup(self, *, port, **options):
        assert port == 8080
        self.options.update(options)

    def run(self, code):
        self.stop()
        code = code.replace('if __name__ == "__main__":', "if True:").replace(REDIS, self.redis_url)
        exec(compile(code, str(self.path), "exec", dont_inherit=True), self.module.__dict__)

    def converse(self, text):
        """Run a session of the interactive interpreter, and compare what it prints."""
        self.stop()
        session = doctest.DocTestParser().get_doctest(text, {}, str(self.path), str(self.path), 0)
        session.globs = self.module.__dict__
        assert session.examples
        failures = io.StringIO()
        doctest.DocTestRunner(verbose=False).run(session, out=failures.write, clear_globs=False)
        assert failures.getvalue() == ""

    def ask(self, line):
        """Return what curl would print, with the headers apart."""
        if self.serving is None:
            runner = asyncio.Runner()
            server = TestServer(build_app(**self.options))
            self.serving = runner, server
            runner.run(server.start_server())
        runner, server = self.serving
        return runner.run(ask(line, server))

    def check(self, line, shown):
        status, headers, body = self.ask(line)
        if status is not None:
            head, _, shown = shown.partition("\n\n")
            assert head.splitlines()[0] == status
            assert set(head.splitlines()[1:]) <= set(headers)
        assert without_clocks(shown.rstrip("\n")) == without_clocks("\n".join(body.rstrip("\r\n").splitlines()))

    def stop(self):
        if self.serving is not None:
            runner, server = self.serving
            self.serving = None
            runner.run(server.close())
            runner.close()

    def close(self):
        """End the program, and let nothing of it live on: the next one may have caches of the same names."""
        self.stop()
        self.table.__exit__(None, None, None)
        self.module.__dict__.clear()
        gc.collect()  # of what has come since the program began, and so in little time
        gc.unfreeze()


async def ask(line, server):
    method, url, headers, body, head, laid_out = parse_curl(line)
    async with (
        aiohttp.ClientSession() as session,
        session.request(
            method,
            server.make_url(url),
            headers=headers,
            data=body,
            allow_redirects=False,
            skip_auto_headers=[] if isinstance(body, aiohttp.FormData) else ["Content-Type"],
        ) as answer,
    ):
        text = await answer.text()
        if laid_out:
            text = json.dumps(json.loads(text), indent=4)
        if head:
            # As they were sent; aiohttp writes some names its own way.
            lines = [f"{name.decode()}: {value.decode()}" for name, value in answer.raw_headers]
            return f"HTTP/1.1 {answer.status} {answer.reason}", lines, text
        return None, [], text


def included_programs(path):
    """Return the programs that a page includes, each at its first place: files of `examples/` that serve."""
    found = {}
    for match in re.finditer(r"(?m)^ *\.\. literalinclude:: (\S+\.py)$", path.read_text()):
        file = (path.parent / match[1]).resolve()
        assert file.is_relative_to(ROOT / "examples"), file
        if re.search(r"startmeup\(\s*port=8080", file.read_text()):
            found.setdefault(file, match.start())
    return [(start, "program", file) for file, start in found.items()]


def run_page(path, monkeypatch, redis_url=REDIS):
    """Run a page with its Redis at `redis_url`, and give how many blocks of it ran."""
    parts = [(start, language, text) for language in LANGUAGES for start, text in blocks(path, language)]
    program = Program(path, monkeypatch, redis_url)
    try:
        for _, language, text in sorted(parts + included_programs(path), key=operator.itemgetter(0)):
            match language:
                case "python":
                    program.run(text)
                case "pycon":
                    program.converse(text)
                case "program":
                    program.close()
                    program = Program(text, monkeypatch, redis_url)
                    program.run(text.read_text())
                case "console":
                    for command in re.split(r"(?m)^\$ ", text)[1:]:
                        line, _, shown = command.replace("\\\n", " ").partition("\n")
                        program.check(line, shown)
    finally:
        program.close()
    return len(parts)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_shows_what_happens(path, monkeypatch, tmp_path, run, redis_url):
    monkeypatch.chdir(tmp_path)
    text = path.read_text()
    if "rates.py" in text:
        monkeypatch.setenv("RATES_URL", run("tutorial/rates.py")[1])
    shown = len(re.findall(r"(?m)^ *(?:\.\. code-block:: |```)(?:python|console|pycon)$", text))
    assert run_page(path, monkeypatch, redis_url) == shown


@pytest.mark.parametrize(
    "false",
    [
        "console\n\n    $ curl -s http://127.0.0.1:8080/nothing\n    {}\n",
        "pycon\n\n    >>> len(attempts)\n    4\n",
        "pycon\n\n    >>> retry()\n    Traceback (most recent call last):\n        ...\n    ValueError: no\n",
        "python\n\n    assert len(attempts) == 4\n",
    ],
)
def test_what_is_false_is_caught(tmp_path, monkeypatch, false):
    page = tmp_path / "page.rst"
    page.write_text(f"{(ROOT / 'docs/retry.rst').read_text()}\n.. code-block:: {false}")
    with pytest.raises(AssertionError):
        run_page(page, monkeypatch)


def test_a_page_leaves_no_cache_behind(tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text("""```python
from ponty.memo import RedisLink, rediscache

@rediscache(RedisLink("redis://127.0.0.1:1"), namespace="shop", name="left behind")
async def price(product: str) -> int:
    return 3

circle = [price]
circle.append(circle)
```
""")
    gc.disable()
    try:
        run_page(page, monkeypatch)
        with pytest.warns(RuntimeWarning, match="no cache named 'left behind'"):
            invalidate("left behind", "tea")
    finally:
        gc.enable()


@pytest.mark.parametrize("slip", ["num: int", "number: str"])
def test_the_slips_that_the_tutorial_tells_of_are_found_when_the_program_starts(monkeypatch, slip):
    page = ROOT / "docs/tutorial/2-requests.rst"
    program = Program(page, monkeypatch, REDIS)
    code = (ROOT / "examples/tutorial/step2_requests.py").read_text()
    with pytest.raises(TypeError) as caught:
        program.run(code.replace("show_room(number: int)", f"show_room({slip})"))
    program.close()
    assert f"    TypeError: {caught.value}\n" in page.read_text()


def test_the_two_commands_stand_in_the_readme_and_ci_runs_the_second():
    readme, gate = (ROOT / "README.md").read_text(), (ROOT / ".ci/run").read_text()
    setup = "python3 -m venv .venv && .venv/bin/pip install hatch && .venv/bin/hatch"
    assert f"```shell\n{setup} run hello\n```" in readme
    assert f"```shell\n{setup} test\n```" in readme
    assert f"\n{setup} test\n" in gate


def test_each_package_has_the_licence():
    licence = (ROOT / "LICENSE").read_text()
    for path in ROOT.glob("packages/*/LICENSE"):
        assert path.read_text() == licence
