"""What the tests of the cookbook share: a recipe served in the test's own process, as its file would serve itself."""

import asyncio
import importlib.machinery
import importlib.util
import pathlib
import sys

import pytest

import ponty
from ponty import build_app

RECIPES = pathlib.Path(__file__).parent.parent.parent / "examples/recipes"


@pytest.fixture
def load(monkeypatch):
    """Run a recipe up to where it would serve, with these variables in its environment; give its module.

    `module.built` is the application that it would have served.
    """

    def load(name, **environment):
        for variable, value in environment.items():
            monkeypatch.setenv(variable, str(value))
        path = RECIPES / f"{name}.py"
        loader = importlib.machinery.SourceFileLoader(name, str(path))
        module = importlib.util.module_from_spec(importlib.machinery.ModuleSpec(name, loader))
        # Dataclasses look up their module by name.
        monkeypatch.setitem(sys.modules, name, module)

        def startmeup(*, port, **options):
            assert port == 8080
            module.built = build_app(**options)

        def serve(app, *, port, **_):
            assert port == 8080
            module.built = app

        for place in (ponty, ponty.core):
            monkeypatch.setattr(place, "startmeup", startmeup)
            monkeypatch.setattr(place, "serve", serve)
        code = path.read_text().replace('if __name__ == "__main__":', "if True:")
        with ponty.routes.emptied():
            exec(compile(code, str(path), "exec", dont_inherit=True), module.__dict__)
        return module

    return load


@pytest.fixture
def recipe(load, aiohttp_client):
    """Serve a recipe until the test ends, with these variables in its environment; give a client of it."""

    async def recipe(name, **environment):
        client = await aiohttp_client(load(name, **environment).built)
        client.module = sys.modules[name]
        return client

    return recipe


@pytest.fixture
def data():
    """Return a function that returns the value of an answer that is a success."""

    async def data(answer, status=200):
        assert answer.status == status, await answer.text()
        return (await answer.json())["data"]

    return data


@pytest.fixture
def until():
    """Give a function that waits until something is so that another task, or another process, brings about."""

    async def until(condition):
        async with asyncio.timeout(300):
            while not (found := await condition()):
                await asyncio.sleep(0.005)
        return found

    return until
