"""The commands that the documentation shows name what there is: distributions, files, modules and scripts of hatch.

Most of them cannot run here: they install, or need docker or systemd. `tests/test_docs.py` runs Python and curl.
"""

import pathlib
import re
import shlex
import tomllib

import pytest
from sybil import Document
from sybil.parsers.markdown import CodeBlockParser as MarkdownParser
from sybil.parsers.rest import CodeBlockParser as RestParser

from ponty.command.cli import main

ROOT = pathlib.Path(__file__).parent.parent
MARKDOWN = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "examples/README.md",
    *ROOT.glob("packages/*/README.md"),
]
PAGES = [*MARKDOWN, *sorted(ROOT.glob("docs/**/*.rst"))]
PROGRAMS = {path.name for path in ROOT.glob("examples/**/*.py")}
SCRIPTS = {
    f"{name}:{script}"
    for name, environment in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["envs"].items()
    for script in environment.get("scripts", ())
}
DISTRIBUTIONS = {path.name for path in ROOT.glob("packages/*")} | {
    "aiosqlite",
    "gunicorn",
    "hatch",
    "nox[uv]",
    "ponty[docs]",
    "ponty[metrics]",
    "ponty[redis]",
    "ponty[reload]",
    "ponty[testing]",
    "ponty-memo[redis]",
    "ponty-request[br,zstd]",
    "pytest",
    "pytest-aiohttp",
}
ELSEWHERE = {"apt-get", ".", "cd", "docker", "redis-server", "systemctl", "wait"}


def commands():
    """Return each command of each shell block, with the page it is on."""
    for page in PAGES:
        parser = (RestParser if page.suffix == ".rst" else MarkdownParser)("shell", lambda _: None)
        for region in parser(Document(page.read_text(), str(page))):
            for line in region.parsed.splitlines():
                for command in re.split(r" && | & |; ", line.partition("  #")[0].strip()):
                    if command:
                        yield pytest.param(command, id=f"{page.relative_to(ROOT)}: {command}")


def check_pip(words):
    action, *names = words
    assert action in {"install", "uninstall"}
    for name in (word for word in names if not word.startswith("-")):
        assert name.removesuffix(">=1") in DISTRIBUTIONS | {"ponty"} or _is_project(name), name


def _is_project(name):
    """Tell whether a name is that of a folder here with a project in it, with or without extras of it."""
    path, _, extras = name.removesuffix("]").partition("[")
    file = ROOT / path / "pyproject.toml"
    if not path.startswith("./") or not file.exists():
        return False
    known = tomllib.loads(file.read_text())["project"].get("optional-dependencies", {})
    return {extra for extra in extras.split(",") if extra} <= set(known)


def check_python(words):
    if words[0] == "-m":
        assert words[1] in {"pytest", "venv"} or any(ROOT.glob(f"examples/*/{words[1]}/__main__.py")), words[1]
    else:
        assert words[0] in PROGRAMS, words[0]


def check_hatch(words):
    match words:
        case ["run", script, *_]:
            assert {script, f"default:{script}"} & SCRIPTS, script
        case ["test", *paths]:
            assert all((ROOT / path).exists() for path in paths)
        case _:
            raise AssertionError(words)


def check_gunicorn(words):
    module, _, name = words[0].partition(":")
    assert re.search(rf"(?m)^async def {name}\(", (ROOT / f"examples/deploy/{module}.py").read_text())


def check_ponty(words):
    command = main.commands[words[0]]
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in words[1:] if word.startswith("-")} <= options


CHECKS = {
    "ponty": check_ponty,
    "pip": check_pip,
    "python": check_python,
    "python3": check_python,
    "hatch": check_hatch,
    "gunicorn": check_gunicorn,
}


@pytest.mark.parametrize("command", list(commands()))
def test_a_command_names_what_there_is(command):
    words = shlex.split(command)
    while re.match(r"[A-Z_]+=|sudo$", words[0]):
        words.pop(0)
    program = pathlib.PurePath(words[0]).name or words[0]
    if program == "cd":
        assert (ROOT / words[1]).is_dir()
    elif program not in ELSEWHERE:
        CHECKS[program](words[1:])


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_links_and_programs_of_a_readme_exist(path):
    text = path.read_text()
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    programs = re.findall(r"`[^`]*python (examples/[\w/.]+)`", text)
    assert [link for link in links if not (path.parent / link).exists()] == []
    assert [program for program in programs if not (ROOT / program).exists()] == []


@pytest.mark.parametrize("path", sorted(ROOT.glob("docs/**/*.rst")), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_files_that_a_page_names_exist(path):
    """In its sentences, too: a page that names a file which was moved sends its reader nowhere."""
    named = re.findall(r"``((?:examples|packages|tests|docs|benchmarks)/[\w./-]+)``", path.read_text())
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("language", ["python", "pycon", "text", "html", "javascript", "nginx", "yaml", "toml"])
def test_no_listing_is_wider_than_its_page(language):
    """A page of 1280 pixels has room for 120 characters, and would cut the rest. Sessions of a shell are wrapped."""
    too_wide = [
        f"{page.relative_to(ROOT)}: {line}"
        for page in sorted(ROOT.glob("docs/**/*.rst"))
        for region in RestParser(language, lambda _: None)(Document(page.read_text(), str(page)))
        for line in region.parsed.splitlines()
        if len(line) > 120
    ]
    assert too_wide == []
