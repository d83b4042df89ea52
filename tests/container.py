"""The recipe of a container, built and run: `python tests/container.py DIST`, where DIST holds the wheels of Ponty.

Where a docker daemon answers, it builds the image and runs it. Elsewhere the steps of the file are done one by one:
what is copied is copied into an empty directory, what pip installs goes into a fresh virtual environment, and the
command runs with the variables that the file sets. Steps of the image's own system, as users, are left out then. Either
way the program has to say that it is ready, and to end by itself, with 0, when it is stopped as a container is.
"""

import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv
from collections.abc import Callable

RECIPE = pathlib.Path(__file__).parent.parent / "examples/guesthouse"
TOO_LONG = 120


def instructions(file: pathlib.Path) -> list[tuple[str, str]]:
    """Return the instructions of a Dockerfile, each with its arguments."""
    text = file.read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(name.upper(), rest) for name, _, rest in (line.partition(" ") for line in lines)]


def is_ready(port: int) -> bool:
    """Return whether the program says that it is ready."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=TOO_LONG) as answer:
            return json.load(answer)["ready"] is True
    except OSError:
        return False


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds."""
    deadline = time.monotonic() + TOO_LONG
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.1)


def by_docker(wheels: pathlib.Path, folder: pathlib.Path, port: int) -> None:
    """Build the image, and run it."""
    context = shutil.copytree(RECIPE, folder / "context")
    shutil.copytree(wheels, context / "wheels")
    with_wheels = r"\1\nCOPY wheels /wheels\nENV PIP_FIND_LINKS=/wheels"
    (context / "Dockerfile").write_text(re.sub(r"(?m)^(FROM .*)$", with_wheels, (RECIPE / "Dockerfile").read_text()))
    subprocess.run(["docker", "build", "-q", "-t", "ponty-recipe", context], check=True)
    run = ["docker", "run", "-d", "--rm", "--name", "ponty-recipe", "-p", f"127.0.0.1:{port}:8080", "ponty-recipe"]
    subprocess.run(run, check=True)
    waiting = subprocess.Popen(["docker", "wait", "ponty-recipe"], stdout=subprocess.PIPE, text=True)
    try:
        wait_until(lambda: is_ready(port))
    finally:
        subprocess.run(["docker", "stop", "-t", "40", "ponty-recipe"], check=True)
    assert waiting.communicate(timeout=TOO_LONG)[0].strip() == "0"


def by_steps(wheels: pathlib.Path, folder: pathlib.Path, port: int) -> None:
    """Do the steps of the file in a fresh virtual environment."""
    place, environment = folder / "app", {"PATH": os.environ["PATH"]}
    place.mkdir()
    venv.create(folder / "venv", with_pip=True)
    programs = folder / "venv/bin"
    command: list[str] = []
    for name, rest in instructions(RECIPE / "Dockerfile"):
        match name:
            case "COPY":
                source, target = rest.split()
                copy = shutil.copytree if (RECIPE / source).is_dir() else shutil.copy
                copy(RECIPE / source, place / target)
            case "RUN" if rest.startswith("pip "):
                arguments = [str(programs / "pip"), *shlex.split(rest)[1:], "-q", "--find-links", str(wheels)]
                subprocess.run(arguments, cwd=place, check=True)
            case "ENV":
                environment |= dict(pair.split("=", 1) for pair in shlex.split(rest))
            case "CMD":
                command = json.loads(rest)
            case _:
                pass
    environment |= {"HOST": "127.0.0.1", "PORT": str(port), "DATABASE": str(folder / "test.db")}
    process = subprocess.Popen([str(programs / command[0]), *command[1:]], cwd=folder, env=environment)
    try:
        wait_until(lambda: is_ready(port) or process.poll() is not None)
        process.send_signal(signal.SIGTERM)
        assert process.wait(TOO_LONG) == 0
    finally:
        process.kill()


def main() -> None:
    """Do as the command line says."""
    wheels = pathlib.Path(sys.argv[1]).resolve()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    asking = ["docker", "info"]
    has_docker = shutil.which("docker") and not subprocess.run(asking, check=False, capture_output=True).returncode
    with tempfile.TemporaryDirectory() as folder:
        (by_docker if has_docker else by_steps)(wheels, pathlib.Path(folder), port)
    print("the container runs, by docker" if has_docker else "the container's steps run")


if __name__ == "__main__":
    main()
