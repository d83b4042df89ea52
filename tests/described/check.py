"""Have tools that nobody here wrote look at programs by their descriptions, and at the programs through them.

- openapi-spec-validator reads the document of each program, and of the other examples;
- schemathesis asks the program whatever the document lets it ask, and what it does not, with all of its checks;
- openapi-python-client makes a client of the document, which asks the program;
- openapi-typescript makes types of it, which the compiler of TypeScript holds a program to, where there is npm.

`check.py` alone is a bounded run with a fixed seed. `check.py --seconds 600 --seed 7` goes on for so many seconds with
each program. The programs are that of `program.py`, which has every field and answer, and `examples/guesthouse`.
"""

import argparse
import contextlib
import functools
import importlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping

from openapi_spec_validator import validate

HERE = pathlib.Path(__file__).parent
PACKAGES = ["openapi-typescript@7.13.0", "openapi-fetch@0.17.0", "typescript@5.9.3"]
TOOLS = ["hatch", "-e", "description-tools", "run"]
GUESTHOUSE = HERE.parent.parent / "examples/guesthouse"


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seconds", type=int, default=0, help="how long schemathesis goes on with each program")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--examples", type=int, default=5, help="how many it makes for each operation")
    arguments.add_argument("--program", choices=["everything", "guesthouse"], help="only this one")
    given = arguments.parse_args()
    if shutil.which("hatch") is None:
        raise SystemExit("hatch is not on the path")
    failed: list[str] = []
    documents: dict[str, dict] = {}
    validate_examples()
    with tempfile.TemporaryDirectory() as folder:
        for name, program in (("everything", everything), ("guesthouse", guesthouse)):
            if given.program in {None, name}:
                print(f"== {name}", flush=True)
                with program(pathlib.Path(folder)) as (url, token):
                    document = documents[name] = read(f"{url}/docs/openapi.json")
                    validate(document)
                    if not ask_by_description(url, token, given):
                        failed.append(f"schemathesis: {name}")
                    ask_by_client(name, document, url, token, pathlib.Path(folder))
        if given.program is None:
            check_types(documents, pathlib.Path(folder))
    print(f"{len(documents) - len(failed)} passed, {len(failed)} failed")
    return bool(failed)


def validate_examples() -> None:
    """Validate the document of each example that has routes."""
    for path in sorted([*GUESTHOUSE.parent.glob("*.py"), *GUESTHOUSE.parent.glob("tutorial/*.py")]):
        done = subprocess.run(
            [sys.executable, "-c", DESCRIBE, path], cwd=path.parent, check=True, capture_output=True, text=True
        )
        document = json.loads(done.stdout)
        validate(document)
        print(f"{path.name}: {len(document['paths'])} paths")


DESCRIBE = """
import json, runpy, sys
from ponty import Routes, openapi, routes
sys.path.insert(0, "")
tables = [value for value in runpy.run_path(sys.argv[1]).values() if isinstance(value, Routes)]
print(json.dumps(openapi(routes, *(table for table in tables if table is not routes), title="T", version="1")))
"""


@contextlib.contextmanager
def everything(folder: pathlib.Path) -> Iterator[tuple[str, str]]:
    with served([sys.executable, str(HERE / "program.py")], {}, folder) as url:
        yield url, "good-token"


@contextlib.contextmanager
def guesthouse(folder: pathlib.Path) -> Iterator[tuple[str, str]]:
    environment = {"PYTHONPATH": str(GUESTHOUSE), "DATABASE": str(folder / "guesthouse.db")}
    with served([sys.executable, "-m", "guesthouse"], environment, folder) as url:
        body = json.dumps({"name": "ann"}).encode()
        yield url, read(f"{url}/accounts", body)["data"]["token"]


@contextlib.contextmanager
def served(command: list[str], environment: dict[str, str], folder: pathlib.Path) -> Iterator[str]:
    """Serve a program on a free port while the block runs."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    more = ["--port", str(port)] if not environment else []
    log = (folder / "server.log").open("w")
    server = subprocess.Popen(
        [*command, *more], env={**os.environ, **environment, "PORT": str(port)}, stdout=log, stderr=log
    )
    try:
        until = time.monotonic() + 60
        while server.poll() is None and time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(60)
        log.close()


def read(url: str, body: bytes | None = None) -> dict:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=300) as answer:
        return json.load(answer)


def ask_by_description(url: str, token: str, given: argparse.Namespace) -> bool:
    """Run schemathesis with all of its checks, which it has unless told otherwise; return whether it found nothing."""
    phases = ["fuzzing", "stateful"] if given.seconds else ["examples", "coverage", "fuzzing", "stateful"]
    command = [
        *(*TOOLS, "schemathesis", "--config-file", str(HERE / "schemathesis.toml")),
        *("run", f"{url}/docs/openapi.json", "--phases", ",".join(phases), "--no-color"),
        *("--seed", str(given.seed), "--continue-on-failure", "--warnings", "off"),
        *(["--max-time", str(given.seconds)] if given.seconds else ["--max-examples", str(given.examples)]),
    ]
    environment = {**os.environ, "TOKEN": token, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE)}
    return subprocess.run(command, env=environment, cwd=HERE.parent.parent, check=False).returncode == 0


def ask_by_client(name: str, document: dict, url: str, token: str, folder: pathlib.Path) -> None:
    """Generate a client of a document, and call the program by it."""
    path = folder / f"{name}.json"
    path.write_text(json.dumps(document))
    made = folder / f"{name}_client"
    shutil.rmtree(made, ignore_errors=True)
    done = subprocess.run(
        [*TOOLS, "openapi-python-client", "generate", "--path", path, "--output-path", made, "--meta", "none"],
        cwd=HERE.parent.parent,
        check=True,
        capture_output=True,
        text=True,
    )
    print(done.stdout, done.stderr)
    sys.path.insert(0, str(folder))
    client = importlib.import_module(f"{name}_client").AuthenticatedClient(base_url=url, token=token)
    CALLS[name](f"{name}_client", client)


def check_types(documents: Mapping[str, dict], folder: pathlib.Path) -> None:
    """Generate types for TypeScript of each document, and have its compiler check a program that uses them."""
    if shutil.which("npm") is None:
        print("== no TypeScript: npm is not on the path (Debian has it as npm, and Node.js as nodejs)", flush=True)
        return
    run = functools.partial(subprocess.run, cwd=folder, check=True)
    run(["npm", "install", "--silent", "--no-audit", "--no-fund", *PACKAGES])
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document))
        run(["npx", "openapi-typescript", f"{name}.json", "--output", f"{name}.ts", "--default-non-nullable", "false"])
    shutil.copy(HERE / "client.ts", folder)
    options = ["--strict", "--noEmit", "--skipLibCheck", "--module", "nodenext", "--target", "es2022"]
    run(["npx", "tsc", *options, "client.ts"])
    print("TypeScript is content")


def call_everything(package: str, client: object) -> None:
    api = importlib.import_module(f"{package}.api.all_.private_bearer")
    assert api.sync(client=client).data == "ann"
    models = importlib.import_module(f"{package}.models")
    mug = {
        "id": "123e4567-e89b-12d3-a456-426614174000",
        "colour": "red",
        "level": 1,
        "name": "tea",
        "price": "3.50",
        "made": "2026-02-28",
    }
    make = importlib.import_module(f"{package}.api.all_.make_mug")
    made = make.sync_detailed(client=client, body=models.MugInput.from_dict(mug))
    assert made.status_code == 201
    assert made.parsed.data.name == "tea"


def call_guesthouse(package: str, client: object) -> None:
    rooms = importlib.import_module(f"{package}.api.rooms.list_rooms").sync(client=client)
    assert [room.number for room in rooms.data] == [1, 2, 3]
    bookings = importlib.import_module(f"{package}.api.bookings.list_bookings").sync(client=client)
    assert isinstance(bookings.data.bookings, list)


CALLS = {"everything": call_everything, "guesthouse": call_guesthouse}


if __name__ == "__main__":
    sys.exit(main())
