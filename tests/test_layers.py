"""The layers' imports point downwards only, and the meta-package has every documented name."""

import ast
import importlib
import pathlib
import subprocess
import sys

import pytest

import ponty
import ponty.core
import ponty.memo
import ponty.request

PACKAGES = pathlib.Path(__file__).parent.parent / "packages"
ALLOWED = {"core": {"core"}, "request": {"core", "request"}, "memo": {"memo"}}
FILES = [
    pytest.param(layer, path, id=f"{layer}/{path.name}")
    for layer in ALLOWED
    for path in sorted((PACKAGES / f"ponty-{layer}/src/ponty/{layer}").rglob("*.py"))
]


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield node.module


def test_there_are_files_to_look_at():
    assert {param.values[0] for param in FILES} == ALLOWED.keys()


@pytest.mark.parametrize(("layer", "path"), FILES)
def test_a_layer_imports_no_other_than_those_it_may(layer, path):
    layers = {name.split(".")[1] for name in imports(path) if name.startswith("ponty.")}
    assert layers <= ALLOWED[layer]
    assert "ponty" not in imports(path)


@pytest.mark.parametrize(("layer", "path"), FILES)
def test_a_layer_uses_only_the_public_names_of_another(layer, path):
    """They are released apart: a private name of one may go while the other stays."""
    for name in imports(path):
        if name.startswith("ponty.") and name.split(".")[1] != layer:
            assert name.count(".") == 1, name


@pytest.mark.parametrize(("layer", "path"), [param for param in FILES if param.values[0] == "memo"])
def test_the_memo_imports_nothing_but_the_standard_library(layer, path):
    """Its Redis half, an extra, may import redis."""
    foreign = {name.split(".")[0] for name in imports(path)} - sys.stdlib_module_names - {"ponty"}
    assert foreign <= ({"redis", "msgspec"} if "redis" in path.name else set())


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
        ("from ponty import get", {"jsonschema", "ponty.request", "ponty.memo"}),
    ],
)
def test_nothing_is_imported_that_nobody_asked_for(statement, absent):
    code = f"import sys; {statement}; print(*sorted({sorted(absent)!r} & sys.modules.keys()))".replace(
        "[", "{"
    ).replace("]", "}")
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"


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
