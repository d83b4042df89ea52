"""The layers' imports point downwards only, and the meta-package has every documented name."""

import ast
import collections
import functools
import graphlib
import importlib
import pathlib
import re
import subprocess
import sys
import tomllib

import pytest

import ponty
import ponty.core
import ponty.memo
import ponty.request

PACKAGES = pathlib.Path(__file__).parent.parent / "packages"
ALLOWED = {"core": {"core"}, "request": {"core", "request"}, "memo": {"memo"}}
FOLDERS: dict[str, tuple[str, ...]] = {
    "memo": (
        "testing",
        "redis",
        "redis/connection",
        "redis/lazy_imports",
        "decorators records",
        "flights",
        "stores",
        "locks keys",
        "event_loop events",
        "errors lazy_imports logs",
    ),
    "core": (
        "testing",
        "observability",
        "operations idempotency",
        "serving",
        "app",
        "routing",
        "rendering",
        "streams",
        "middlewares connections",
        "errors returned",
        "responses",
        "encoding logs",
        "lifecycle retrying",
        "wire log_lines time_left written",
    ),
    "request": (
        "differences",
        "description",
        "binding sockets",
        "request",
        "client",
        "fields/guards",
        "fields/parameters fields/bodies",
        "fields",
        "forms",
        "texts",
        "large",
        "parsing",
        "parsing/msgspec_path parsing/classes",
        "parsing/compiled_types parsing/annotations",
        "validation",
        "validation/explanations",
        "validation/schemas",
        "content",
        "errors",
    ),
}
"""The folders and modules of a layer, from top to bottom: each imports only itself and what is below it.

What stands on one line is side by side, and imports nothing of one another.
"""

MOST_MODULES = 12
"""How many modules a folder may have, its `__init__` not counted: more than that are more than one idea."""


def root_of(layer):
    return PACKAGES / f"ponty-{layer}/src/ponty/{layer}"


@functools.cache
def trees(layer):
    """Return a layer's files, as Python reads them; one test looks at all of them, and names those at fault."""
    return {path.relative_to(root_of(layer)): ast.parse(path.read_text()) for path in root_of(layer).rglob("*.py")}


def imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


@pytest.mark.parametrize("layer", ALLOWED)
def test_there_are_files_to_look_at(layer):
    assert pathlib.Path("__init__.py") in trees(layer)


@pytest.mark.parametrize("layer", ALLOWED)
def test_a_layer_imports_no_other_than_those_it_may(layer):
    names = [(path, name) for path, tree in trees(layer).items() for name in imports(tree)]
    assert [(path, name) for path, name in names if name.startswith(".")] == [], "relative imports"
    ours = [(path, f"{name}.".split(".")[1]) for path, name in names if name.split(".")[0] == "ponty"]
    assert [(path, other) for path, other in ours if other not in ALLOWED[layer]] == []


@pytest.mark.parametrize("layer", ALLOWED)
def test_a_layer_uses_only_the_public_names_of_another(layer):
    """They are released apart: a private name of one may go while the other stays."""
    names = [(path, name.split(".")) for path, tree in trees(layer).items() for name in imports(tree)]
    assert [
        (path, parts) for path, parts in names if parts[0] == "ponty" and parts[1:2] != [layer] and len(parts) > 2
    ] == []


def place_of(layer, parts):
    """Return the place of a module in its layer's row of `FOLDERS`: how far down it stands, and in which folder."""
    places = {room: (depth, room) for depth, rooms in enumerate(FOLDERS[layer]) for room in rooms.split()}
    room = "/".join(parts)
    while room and room not in places:
        room = room.rpartition("/")[0]
    return places.get(room)


def modules_imported(layer, tree):
    """Return the modules of a file's own layer that it imports, as their paths within the layer."""
    root = root_of(layer)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(f"ponty.{layer}"):
            parts = node.module.split(".")[2:]
            for alias in node.names:  # a name that is imported may be a module
                whole = root.joinpath(*parts, alias.name)
                is_module = whole.is_dir() or whole.with_suffix(".py").exists()
                yield tuple([*parts, alias.name] if is_module else parts)
        elif isinstance(node, ast.Import):
            yield from (
                tuple(alias.name.split(".")[2:]) for alias in node.names if alias.name.startswith(f"ponty.{layer}.")
            )


def wrong_ways(layer, path, tree):
    """Return what is wrong with the imports of one file within its layer, a sentence for each."""
    parts = [part for part in path.with_suffix("").parts if part != "__init__"]
    if not parts:
        return  # the layer's face is above all of it
    here = place_of(layer, parts)
    if here is None:
        yield f"{path} stands nowhere in FOLDERS"
        return
    for imported in modules_imported(layer, tree):
        there = place_of(layer, imported)
        if there is None:
            yield f"{path} imports {'.'.join(imported)}, which stands nowhere in FOLDERS"
        elif there != here and there[0] <= here[0]:
            yield f"{path} imports {'/'.join(imported)}, which is not below it"


@pytest.mark.parametrize("layer", FOLDERS)
def test_imports_within_a_layer_go_down(layer):
    """So a folder can be read, tested and changed without knowing those above it."""
    assert [fault for path, tree in trees(layer).items() for fault in wrong_ways(layer, path, tree)] == []


def named_imports(tree, modules):
    """Return those of `modules` that a file imports, at its top, for type checkers alone, or within a function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            wholes = [f"{node.module}.{alias.name}" for alias in node.names]  # a name that is imported may be a module
            yield from (whole if whole in modules else node.module for whole in wholes)


def test_no_modules_import_one_another_in_a_circle():
    """Two modules that need each other are one idea, or lack a third one that both stand on."""
    modules = {}
    for source in PACKAGES.glob("*/src"):
        for path in source.rglob("*.py"):
            parts = path.relative_to(source).with_suffix("").parts
            modules[".".join(part for part in parts if part != "__init__")] = ast.parse(path.read_text())
    graph = {name: {*named_imports(tree, modules)} & modules.keys() - {name} for name, tree in modules.items()}
    graphlib.TopologicalSorter(graph).prepare()  # which names the modules of a circle


@pytest.mark.parametrize("layer", FOLDERS)
def test_every_row_of_the_folders_is_there(layer):
    """A row that is left over from a folder that has gone would forbid nothing."""
    root = PACKAGES / f"ponty-{layer}/src/ponty/{layer}"
    for rooms in FOLDERS[layer]:
        for room in rooms.split():
            assert (root / room).is_dir() or (root / f"{room}.py").exists(), room


def test_no_folder_has_more_modules_than_a_reader_can_hold():
    counts = collections.Counter(
        path.parent.relative_to(PACKAGES) for path in PACKAGES.glob("*/src/**/*.py") if path.name != "__init__.py"
    )
    assert {f"{folder}: {count}" for folder, count in counts.items() if count > MOST_MODULES} == set()


@pytest.mark.parametrize("layer", FOLDERS)
def test_every_folder_draws_the_way_through_its_modules(layer):
    """In the docstring of its `__init__`, which says its idea first; two modules need no drawing."""
    modules = [path for path in trees(layer) if path.name != "__init__.py" and path.parent.name]
    counts = collections.Counter(path.parent for path in modules)
    texts = {folder: ast.get_docstring(trees(layer)[folder / "__init__.py"]) or "" for folder in counts}
    assert [folder for folder, text in texts.items() if counts[folder] > 2 and "\n::\n" not in text] == []


def test_every_folder_names_its_modules():
    """One that its `__init__` leaves out came later than the drawing, which is no more the whole way."""
    unnamed = []
    for init in PACKAGES.glob("*/src/ponty/**/__init__.py"):
        text = ast.get_docstring(ast.parse(init.read_text())) or ""
        within = {path.stem for path in init.parent.glob("*.py")} - {"__init__", "__main__"}
        within |= {path.parent.name for path in init.parent.glob("*/__init__.py")}
        unnamed += [init.parent / name for name in within if not re.search(rf"\b{name}\b", text)]
    assert sorted(unnamed) == []


def test_pyright_is_given_folders_that_are_there():
    """It reports no error where it finds no file, as by a pattern that it does not know."""
    settings = tomllib.loads((PACKAGES.parent / "pyproject.toml").read_text())["tool"]["pyright"]
    sources = {f"packages/ponty-{layer}/src" for layer in FOLDERS}
    assert set(settings["include"]) == set(settings["extraPaths"]) == sources
    assert all((PACKAGES.parent / folder).is_dir() for folder in sources)


def test_the_memo_imports_nothing_but_the_standard_library():
    """Its Redis half, an extra, may import redis; what is for tests, pytest."""
    further = {"redis": {"redis", "msgspec"}, "testing": {"pytest_asyncio"}}
    foreign = {
        path: {name.split(".")[0] for name in imports(tree)}
        - sys.stdlib_module_names
        - {"ponty"}
        - further.get(path.parts[0], set())
        for path, tree in trees("memo").items()
    }
    assert {path: names for path, names in foreign.items() if names} == {}


@pytest.mark.parametrize("module", [ponty, ponty.core, ponty.request, ponty.memo])
def test_all_names_what_there_is(module):
    assert len(set(module.__all__)) == len(module.__all__)
    assert all(hasattr(module, name) for name in module.__all__)
    assert set(module.__all__) <= set(dir(module))


def test_the_meta_package_has_every_name_of_the_core_and_of_requests():
    homes = {name: home for home in (ponty.core, ponty.request) for name in home.__all__}
    assert set(ponty.__all__) == homes.keys()
    assert all(getattr(ponty, name) is getattr(home, name) for name, home in homes.items())


def test_what_type_checkers_see_of_the_meta_package_is_what_there_is():
    tree = ast.parse(pathlib.Path(ponty.__file__).read_text())
    checking = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {
        alias.name: node.module
        for node in checking.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname == alias.name
    }
    assert seen == ponty._HOMES
    assert sorted(seen) == sorted(ponty.__all__)


def test_a_misspelt_name_is_an_error():
    with pytest.raises(AttributeError, match="module 'ponty' has no attribute 'typo'"):
        _ = ponty.typo
    with pytest.raises(ImportError):
        importlib.import_module("ponty.typo")


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import ponty.memo", {"aiohttp", "msgspec", "jsonschema", "redis", "ponty.core", "ponty.request"}),
        ("import ponty", {"aiohttp", "msgspec", "ponty.core", "ponty.request", "ponty.memo"}),
        ("import ponty.core", {"jsonschema", "ponty.request", "ponty.memo", "uvloop"}),
        ("import ponty.core; ponty.core.get", {"ponty.core.observability", "ponty.core.operations", "tenacity"}),
        ("import ponty.core", {"aiohttp", "msgspec", "ponty.core.app"}),
        ("import ponty.request", {"aiohttp", "msgspec", "multipart", "ponty.core", "ponty.request.fields"}),
        (
            "from ponty import QueryParameter, RouteParameter, expect, render_json, startmeup; RouteParameter(str)",
            {"jsonschema", "jsonschema_rs", "ponty.memo", "ponty.request.parsing.compiler", "ponty.request.validation"}
            | {"ponty.request.forms", "ponty.core.lifecycle.client", "ponty.core.retrying", "tenacity", "uvloop"},
        ),
        ("from ponty import get", {"jsonschema", "ponty.request", "ponty.memo"}),
    ],
)
def test_nothing_is_imported_that_nobody_asked_for(statement, absent):
    code = f"import sys; {statement}; print(*sorted({sorted(absent)!r} & sys.modules.keys()))".replace(
        "[", "{"
    ).replace("]", "}")
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"


@pytest.mark.parametrize("is_on", [True, False])
def test_a_name_that_is_imported_later_leaves_the_collector_as_it_was(is_on):
    switch = "enable" if is_on else "disable"
    code = f"import gc; gc.{switch}(); from ponty import startmeup, expect; print(gc.isenabled())"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed == f"{is_on}\n"


async def test_a_locked_key_is_a_409_without_a_word_of_the_key(aiohttp_client):
    """Without an import between the memo and the core."""
    from aiohttp import web

    table = web.RouteTableDef()

    @table.get("/locked")
    async def locked(request: web.Request) -> web.Response:
        raise ponty.memo.Locked("the key")

    @table.get("/stampede")
    async def stampede(request: web.Request) -> web.Response:
        raise ponty.memo.Stampede("the key")

    client = await aiohttp_client(ponty.build_app(route_tables=[table]))
    for path in ("/locked", "/stampede"):
        async with client.get(path) as answer:
            assert (answer.status, answer.content_type) == (409, "application/problem+json")
            assert "key" not in await answer.text()
