"""The command `ponty`, called as a user calls it: programs are run, listed, checked and made."""

import asyncio
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
import warm

from ponty import Routes, build_app
from ponty.command.checking import start_and_stop
from ponty.command.cli import main
from ponty.memo.testing import run_virtually

pytestmark = pytest.mark.programs

EXAMPLES = pathlib.Path(__file__).parent.parent / "examples"
PONTY = [sys.executable, "-c", "import sys; from ponty.command.cli import main; sys.argv[0] = 'ponty'; main()"]

PROGRAM = """
from aiohttp import web
from ponty import Request, StringRouteParameter, expect, get, render_json, startmeup

class Hello(Request):
    name = StringRouteParameter()

@get(f"/hello/{Hello.name}")
@expect(Hello)
@render_json
async def hello(name: str) -> str:
    return "VERSION"

if __name__ == "__main__":
    startmeup(port=0)
"""


@pytest.fixture
def shop(tmp_path):
    """Return a function that writes a version of a program."""

    def write(version="one", name="shop.py", text=PROGRAM, second=None):
        written = tmp_path / f".{name}"
        written.write_text(text.replace("VERSION", version))
        if second is not None:
            os.utime(written, (second, second))
        written.replace(tmp_path / name)  # nobody sees half of it
        return tmp_path / name

    write()
    return write


@pytest.fixture
def ponty(tmp_path):
    """Return a function that calls the command to its end."""

    def call(*arguments, **environment):
        return warm.run(
            [*PONTY, *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=os.environ | environment,
            check=False,
            timeout=300,
        )

    return call


class Running:
    """`ponty run` in a process of its own."""

    def __init__(self, directory, *arguments, **environment):
        self.process = warm.Popen(
            [*PONTY, "run", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=directory,
            env=os.environ | environment,
        )

    def until(self, pattern):
        """Read what it says up to a line that matches; return the match and the lines before."""
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if match := re.search(pattern, line):
                return match, lines
        raise AssertionError(f"{pattern!r} is not in {''.join(lines)!r}")

    def address(self):
        """Wait until it serves; return where."""
        return self.until(r"Serving on (http://\S+)")[0][1]

    def stop(self, number=signal.SIGTERM):
        """Send a signal; return the rest of what it says, and its status."""
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=300)
        return rest, self.process.returncode


@pytest.fixture
def running(tmp_path):
    """Return a function that starts `ponty run`."""
    started = []

    def run(*arguments, **environment):
        started.append(Running(tmp_path, *arguments, **environment))
        return started[-1]

    yield run
    for each in started:
        each.process.terminate()
        each.process.communicate(timeout=300)


def answer(address, path="/hello/ann"):
    with urllib.request.urlopen(address + path, timeout=300) as got:
        return got.read().decode()


def test_a_program_is_run_as_it_is_executed(shop, running):
    """Its routes and its address are printed, and each request has a line in the log."""
    server = running("shop.py")
    match, before = server.until(r"Serving on (http://127\.0\.0\.1:\d+)")
    assert any(line.startswith("GET /hello/") for line in before)
    assert '"one"' in answer(match[1])
    rest, status = server.stop()
    assert re.search(r"GET /hello/.* 200 ", rest)
    assert status == 0


def test_what_a_program_prints_and_its_name_are_as_ever(shop, running, tmp_path):
    shop(text="import sys\nprint(__name__, __file__, sys.argv)\n" + PROGRAM)
    server = running("shop.py")
    path = tmp_path / "shop.py"
    assert server.until("__main__")[0].string == f"__main__ {path} [{str(path)!r}]\n"
    server.address()


def test_the_access_log_may_be_off(shop, running):
    server = running("shop.py", "--no-access-log")
    answer(server.address())
    assert server.stop() == ("", 0)


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [(["--host", "127.0.0.2", "--port", "0"], {}), ([], {"PONTY_HOST": "127.0.0.2", "PONTY_PORT": "0"})],
)
def test_host_and_port_stand_in_place_of_the_programs(shop, running, arguments, environment):
    shop(text=PROGRAM.replace("port=0", "path='shop.socket'"))
    address = running("shop.py", *arguments, **environment).address()
    assert address.startswith("http://127.0.0.2:")
    assert '"one"' in answer(address)


MODULES = {
    "file.py": ("file.py", PROGRAM),
    "module.py": ("module", PROGRAM),
    "package/__main__.py": ("package", PROGRAM),
    "package/inner.py": ("package.inner", PROGRAM),
    "decorated.py": ("decorated.py", PROGRAM.partition("if __name__")[0]),
    "application.py": (
        "application:app",
        PROGRAM.partition("if __name__")[0] + "from ponty import build_app\napp = build_app()",
    ),
    "by_path.py": (
        "by_path.py:app",
        PROGRAM.partition("if __name__")[0] + "from ponty import build_app\napp = build_app()",
    ),
    "made.py": (
        "made:make",
        PROGRAM.partition("if __name__")[0] + "from ponty import build_app\ndef make(): return build_app()",
    ),
    "awaited.py": (
        "awaited:make",
        PROGRAM.partition("if __name__")[0] + "from ponty import build_app\nasync def make(): return build_app()",
    ),
    "table.py": ("table:routes", PROGRAM.partition("if __name__")[0] + "from ponty import routes"),
    "asynchronous.py": (
        "asynchronous.py",
        PROGRAM.replace(
            "startmeup(port=0)", "import asyncio, ponty; asyncio.run(ponty.serve_async(ponty.build_app(), port=0))"
        ),
    ),
}


@pytest.mark.parametrize("file", MODULES)
def test_every_form_of_a_program_is_found(tmp_path, ponty, file):
    name, text = MODULES[file]
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(text)
    listed = ponty("routes", name)
    assert listed.stderr == ""
    lines = listed.stdout.splitlines()
    assert len(lines) == 2
    assert re.fullmatch(rf"GET +/hello/{{name:\\w\+}} +hello +{re.escape(file)}:8 +name \(path\)", lines[1])


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("nothing.py", None, "there is no file nothing.py"),
        (".", None, "there is no file ."),
        ("nothing", None, "there is no module nothing in "),
        ("nothing.at.all", None, "there is no module nothing.at.all in "),
        (
            "empty.py",
            "",
            "empty.py serves nothing, and the default table has no routes: call startmeup in it, or name",
        ),
        ("lacks.py:app", "", "lacks.py:app: lacks has no 'app'"),
        ("other.py:app", "app = 1", "other.py:app is neither an application nor tables of routes, but int"),
    ],
)
def test_a_program_that_cannot_be_one_is_told_in_a_line(tmp_path, ponty, name, text, message):
    if text is not None:
        (tmp_path / name.partition(":")[0]).write_text(text)
    for command in ("run", "routes"):
        told = ponty(command, name)
        assert told.stderr.startswith(f"Error: {message}")
        assert told.stderr.count("\n") == 1
        assert told.returncode == 1


@pytest.mark.parametrize("arguments", [(), ("--reload",)])
def test_an_address_that_is_taken_is_told_in_a_line(shop, running, arguments):
    shop()
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        told = running("shop.py", "--port", str(port), *arguments)
        match, before = told.until("^Error: (.*)")
    said = (
        f"cannot listen on 127.0.0.1 at port {port}: address already in use; use --host or --port for another address"
    )
    assert match[1] == said
    assert not [line for line in before if "Traceback" in line]


def test_what_a_program_raises_is_shown_without_the_commands_own_frames(shop, ponty):
    shop(text="def broken():\n    raise LookupError('nobody')\n\nbroken()\n")
    told = ponty("run", "shop.py")
    assert told.returncode == 1
    first, second, *_ = told.stderr.splitlines()
    assert first == "Traceback (most recent call last):"
    assert second.endswith('shop.py", line 4, in <module>')
    assert told.stderr.endswith("LookupError: nobody\n")


@pytest.mark.parametrize("command", ["routes", "openapi", "contract", "attack"])
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("(name: str)", "(nmae: str)", "shop.py:9: TypeError: @expect(Hello) on 'hello': the handler takes 'nmae'"),
        ('f"/hello/{Hello.name}"', '"/hello"', "shop.py:15: TypeError: GET /hello: the path has no variable part"),
        ("async def hello", "async def hello(:", "shop.py:11: SyntaxError: "),
    ],
)
def test_commands_that_read_a_program_report_its_error_in_one_line(shop, ponty, command, old, new, message):
    """As `ponty check` does; only `ponty run` shows the traceback."""
    shop(text=PROGRAM.replace(old, new))
    done = ponty(command, "shop.py", *(["--yes"] if command == "attack" else []))
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: {message}")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_each_command_has_one_whole_line_in_the_help(ponty):
    """On a terminal of 80 columns, none of these lines is cut."""
    listed = ponty("--help").stdout.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in listed] == sorted(main.commands)
    assert [line for line in listed if not line.endswith(".") or line.endswith("...")] == []


def test_what_two_fields_read_is_listed_once(shop, ponty):
    shop(
        text="from ponty import Header, Request, expect, get, render_json\n"
        "class Twice(Request):\n    one = Header(key='X-Who')\n    two = Header(key='X-Who')\n"
        "@get('/who')\n@expect(Twice, whole=True)\n@render_json\nasync def who(r): return None\n"
    )
    assert ponty("routes", "shop.py").stdout.count("X-Who") == 1


def test_routes_of_aiohttp_tables_and_of_parts_are_listed(shop, ponty):
    shop(
        text=PROGRAM.replace("startmeup(port=0)", "startmeup(port=0, route_tables=[table])").replace(
            "class Hello",
            "table = web.RouteTableDef()\n"
            "@table.post('/plain/{x}')\nasync def plain(request): return web.Response()\n\nclass Hello",
        )
    )
    lines = ponty("routes", "shop.py").stdout.splitlines()
    assert [line.split()[:3] for line in lines[1:]] == [
        ["GET", r"/hello/{name:\w+}", "hello"],
        ["POST", "/plain/{x}", "plain"],
    ]


def test_what_breaks_clients_since_an_earlier_description_is_told(shop, ponty, tmp_path):
    shop()
    ponty("openapi", "shop.py", "--output", "old.json")
    same = ponty("openapi", "shop.py", "--against", "old.json")
    assert (same.returncode, same.stdout) == (0, "")
    old = json.loads((tmp_path / "old.json").read_text())
    old["paths"]["/gone"] = {"get": {"responses": {}}}
    del old["paths"]["/hello/{name}"]
    (tmp_path / "old.json").write_text(json.dumps(old))
    other = ponty("openapi", "shop.py", "--against", "old.json")
    assert (other.returncode, other.stdout) == (
        1,
        "breaks: GET /gone: is gone\nchanged: GET /hello/{name}: is new\n",
    )
    (tmp_path / "old.json").write_text("{")
    assert "old.json is not JSON" in ponty("openapi", "shop.py", "--against", "old.json").stderr
    (tmp_path / "old.json").write_text("[]")
    assert ponty("openapi", "shop.py", "--against", "old.json").stderr == "Error: old.json is not an OpenAPI document\n"


def test_a_program_is_described(shop, ponty, tmp_path):
    told = ponty("openapi", "shop.py", "--version", "2.1")
    document = json.loads(told.stdout)
    assert document["info"] == {"title": "shop", "version": "2.1"}
    assert [*document["paths"]] == ["/hello/{name}"]
    assert ponty("openapi", "shop.py", "--version", "2.1", "--output", "api.json").stdout == ""
    assert (tmp_path / "api.json").read_text() == told.stdout


SMELLS = """
from ponty import Routes
from ponty.memo import localcache

@localcache(maxsize=0)
async def price(item: str) -> int: return 1

left_out = Routes()

@left_out.get("/nobody")
async def nobody(request): ...
"""


def test_warnings_are_reported_and_do_not_fail(shop, ponty):
    shop(text=SMELLS + PROGRAM.replace("name: str", "name: 'Nowhere'"))
    told = ponty("check", "shop.py")
    lines = told.stdout.splitlines()
    assert lines[0].startswith("warning: shop.py:5: localcache: with maxsize=0, the cache grows without bound")
    assert lines[1].startswith("warning: shop.py:10: GET /nobody is in a table that is not served")
    assert lines[2].startswith("warning: shop.py:19: an annotation of 'hello' cannot be resolved")
    assert "'Nowhere'" in lines[2]
    assert len(lines) == 3
    assert told.returncode == 0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("async def hello", "async def hello(:", "error: shop.py:11: SyntaxError: "),
        (
            "(name: str)",
            "(nmae: str)",
            "error: shop.py:9: TypeError: @expect(Hello) on 'hello': the handler takes 'nmae'",
        ),
        (
            'f"/hello/{Hello.name}"',
            '"/hello"',
            "error: shop.py:15: TypeError: GET /hello: the path has no variable part",
        ),
        (
            "startmeup(port=0)",
            "startmeup(port=0, providers=[broken])",
            "error: shop.py:4: ConnectionError: no database",
        ),
    ],
)
def test_what_keeps_a_program_from_starting_is_told_with_its_line(shop, ponty, old, new, message):
    text = PROGRAM.replace(old, new)
    if "broken" in new:
        text = (
            "async def broken(app):\n    if app:\n        x = 1\n"
            "        raise ConnectionError('no database')\n    yield\n" + text
        )
    shop(text=text)
    told = ponty("check", "shop.py")
    assert told.stdout.startswith(message), told.stdout + told.stderr
    assert told.returncode == 1
    assert ponty("check", "--no-start", "shop.py").returncode == ("broken" not in new)


async def late(app):
    await asyncio.Event().wait()
    yield


async def lasting(app):
    yield
    await asyncio.Event().wait()


async def enduring(app):
    yield
    await asyncio.Event().wait()


LATE = f"test_command.py:{late.__code__.co_firstlineno + 1}: not started within 60 s"
LASTING = f"test_command.py:{lasting.__code__.co_firstlineno + 2}: not stopped within 60 s"


@pytest.mark.parametrize(
    ("providers", "told"),
    [
        ([late], [LATE]),
        ([enduring, lasting], [LASTING]),
        ([enduring, lasting, late], [LATE]),
    ],
)
def test_a_provider_that_waits_for_ever_is_told_with_its_line(providers, told):
    async def look():
        return await start_and_stop(build_app(routes=Routes(), providers=providers), 60)

    assert run_virtually(look()) == told


def test_how_long_providers_may_take_is_asked_for(shop, ponty):
    shop()
    assert ponty("check", "shop.py", "--seconds", "0").returncode == 2
    assert ponty("check", "shop.py", "--seconds", "300").stdout == "shop.py: no mistakes found\n"


def test_a_sound_program_has_nothing_to_tell(ponty):
    told = ponty("check", str(EXAMPLES / "hello.py"))
    assert told.stdout.endswith("hello.py: no mistakes found\n")
    assert told.returncode == 0


def test_a_change_starts_a_new_process_and_no_request_is_lost(shop, running):
    """A program that cannot start is shown and waited out, while the earlier one serves on.

    The first change is as long as what was there, and of the same second, by which Python knows its bytecode.
    """
    shop(second=10**9)
    server = running("shop.py", "--reload")
    address = server.address()
    assert '"one"' in answer(address)
    shop("two", second=10**9)
    server.until("reloaded")
    assert '"two"' in answer(address)
    shop(text=PROGRAM + "\n:\n")
    match, before = server.until(r"ended with status 1; the earlier process keeps serving until a file changes")
    assert match
    assert "SyntaxError: invalid syntax\n" in before
    assert '"two"' in answer(address)
    shop("three")
    server.until("reloaded")
    assert '"three"' in answer(address)
    _, status = server.stop()
    assert status == 0
    with pytest.raises(urllib.error.URLError):
        answer(address)


def test_requests_in_flight_are_finished_by_the_process_that_began_them(shop, running, tmp_path):
    """A request that has begun waits for a file that is written only when the new process serves."""
    slow = PROGRAM.replace(
        'return "VERSION"',
        "import asyncio, pathlib\n    print('begun', flush=True)\n"
        "    while not pathlib.Path('go').exists(): await asyncio.sleep(0.01)\n    return 'VERSION'",
    )
    shop(text=slow)
    server = running("shop.py", "--reload")
    address = server.address()
    client = warm.Popen(
        [sys.executable, "-c", f"import urllib.request as r; print(r.urlopen('{address}/hello/ann').read())"],
        stdout=subprocess.PIPE,
        text=True,
    )
    server.until("begun")
    shop("two")
    server.until("reloaded")
    assert '"two"' in answer(address)
    (tmp_path / "go").touch()
    assert '"one"' in client.communicate(timeout=300)[0]


def test_many_changes_in_a_row_end_with_the_last(shop, running):
    """Each change stops what starts for an earlier one; there is an answer all the while."""
    server = running("shop.py", "--reload", "--no-access-log")
    address = server.address()
    for number in range(12):
        shop(f"version {number}")
        assert '"' in answer(address)
    shop("the last")
    while "the last" not in answer(address):
        server.until("reloaded")
    assert server.stop(signal.SIGINT)[1] == 0


def test_a_program_that_ends_is_started_by_the_next_change(shop, running):
    shop(text="raise SystemExit(3)")
    server = running("shop.py", "--reload")
    server.until("ended with status 3; nothing is served until a file changes")
    shop("one")
    assert '"one"' in answer(server.address())


def test_a_unix_socket_stays_through_a_reload(shop, running, tmp_path):
    shop(text=PROGRAM.replace("port=0", "path='s'"))
    server = running("shop.py", "--reload")
    server.until(r"Serving on http\+unix://s")
    shop(text=PROGRAM.replace("port=0", "path='s'"), version="two")
    server.until("reloaded")
    assert (tmp_path / "s").is_socket()


@pytest.mark.parametrize("name", ["bike-shop", "notes2"])
def test_a_new_project_passes_its_tests_as_it_is_made(tmp_path, ponty, name):
    made = ponty("new", name)
    assert made.returncode == 0, made.stderr
    project = tmp_path / name
    assert f"made {name}/pyproject.toml" in made.stdout
    environment = os.environ | {"PYTHONPATH": str(project)}
    tests = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert tests.returncode == 0, tests.stdout
    assert "4 passed" in tests.stdout
    package = name.replace("-", "_")
    checked = warm.run(
        [*PONTY, "check", package], cwd=project, capture_output=True, text=True, check=False, env=os.environ
    )
    assert checked.stdout == f"{package}: no mistakes found\n"
    held = warm.run([*PONTY, "contract", package, "--check"], cwd=project, capture_output=True, text=True, check=False)
    assert (held.returncode, held.stdout + held.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Shop", "'Shop' cannot be the name of a package"),
        ("../shop", "'../shop' cannot be the name of a package"),
        ("class", "'class' cannot be the name of a package"),
        ("json", "'json' would hide the package of that name"),
        ("full", "full exists and is not an empty directory"),
        ("full/file", "'full/file' cannot be the name of a package"),
    ],
)
def test_a_project_that_cannot_be_made_is_told(tmp_path, ponty, name, message):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").touch()
    told = ponty("new", name)
    assert told.stderr.startswith(f"Error: {message}")
    assert [path.name for path in tmp_path.iterdir()] == ["full"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("openapi", "shop.py", "--output", "file/openapi.json"),
        ("contract", "shop.py", "--write", "--lock", "file/openapi.lock.json"),
        ("new", "bike-shop", "--into", "file/bike-shop"),
        ("new", "bike-shop", "--into", "file"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_what_cannot_be_written_is_told_in_a_line(shop, ponty, tmp_path, arguments):
    shop()
    (tmp_path / "file").touch()
    told = ponty(*arguments)
    assert told.returncode == 1
    assert re.fullmatch(r"Error: .*file.*\n", told.stderr)


def test_what_is_to_be_watched_wants_a_reload(shop, ponty):
    shop()
    told = ponty("run", "shop.py", "--watch", ".")
    assert told.returncode == 2
    assert "--watch has an effect only with --reload: give both" in told.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["ro"], ["plain,routes"]),
        (["run", "--rel"], ["plain,--reload"]),
        (["run", "sho"], ["file,sho"]),
        (["check", "sho"], ["file,sho"]),
        (["run", "--watch", "sho"], ["file,sho"]),
    ],
)
def test_a_shell_completes(ponty, words, told):
    """A name, an option, and the files among which a program is."""
    answer = ponty(_PONTY_COMPLETE="bash_complete", COMP_WORDS=" ".join(["ponty", *words]), COMP_CWORD=str(len(words)))
    assert answer.stdout.split() == told


def test_the_command_is_installed_and_says_its_version():
    command = shutil.which("ponty", path=str(pathlib.Path(sys.executable).parent))
    assert command is not None
    told = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"ponty \d+\.\d+\.\d+\n", told.stdout)


def test_the_help_imports_no_framework():
    """So it is there at once, and so is what a shell completes."""
    code = "import sys; from ponty.command.cli import main; main(['--help'], standalone_mode=False)"
    code += "; print('aiohttp' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.endswith("False\n")
