"""The cookbook's form: a recipe is one file, shown on one page that the cookbook lists once, and asked by the tests."""

import ast
import functools
import pathlib
import re
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent
RECIPES = sorted((ROOT / "examples/recipes").glob("*.py"))
PAGES = ROOT / "docs/howto"
COOKBOOK = (PAGES / "cookbook.rst").read_text()
LISTED = re.findall(r"(?m)^:doc:`([\w-]+)`  ", COOKBOOK)


def pages_with(path):
    return [page for page in PAGES.glob("*.rst") if f"examples/recipes/{path.name}\n" in page.read_text()]


def test_the_cookbook_lists_thirty_recipes_and_none_twice():
    assert len(LISTED) == len(set(LISTED)) >= 30
    assert sorted(LISTED) == sorted(re.findall(r"(?m)^    ([\w-]+)$", COOKBOOK.partition(".. toctree::")[2]))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_is_shown_on_one_page_and_asked(path):
    """By the `$ curl` lines of its page, or by a test of its own."""
    [page] = pages_with(path)
    assert page.stem in LISTED
    tests = "".join(test.read_text() for test in (ROOT / "tests/recipes").glob("test_*.py"))
    asked = re.search(rf'(?:recipe|load)\(\s*"{path.stem}"|recipes/{path.name}|"{path.name}"', tests)
    below = page.read_text().partition(f"examples/recipes/{path.name}\n")[2].partition("literalinclude")[0]
    assert asked or "$ curl" in below


@functools.cache
def imported():
    """Return the packages that any of the recipes imports."""
    return {
        (node.module if isinstance(node, ast.ImportFrom) else alias.name).partition(".")[0]
        for path in RECIPES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_says_what_it_is_and_hides_no_module(path):
    """Its folder is the first place where Python looks for what any of them imports."""
    summary = ast.get_docstring(ast.parse(path.read_text()))
    assert summary is not None
    assert "\n" not in summary
    assert path.stem not in imported() | sys.stdlib_module_names
