"""Sphinx's settings."""

import importlib
import pathlib
import re
import tomllib
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.ext import intersphinx
from sphinx.pycode import ModuleAnalyzer

PACKAGE = tomllib.loads((pathlib.Path(__file__).parent.parent / "packages/ponty/pyproject.toml").read_text())["project"]
SOURCE, ISSUES = PACKAGE["urls"]["Source"], PACKAGE["urls"]["Issues"]

project = "Ponty"
copyright = "2026, the Ponty authors"  # noqa: A001 - Sphinx's name
version = release = PACKAGE["version"]

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
]
html_theme = "furo"
html_title = f"Ponty {version}"
html_logo = html_favicon = "_static/logo.svg"
html_static_path = ["_static"]
html_css_files = ["ponty.css"]
html_theme_options = {
    "source_repository": SOURCE,
    "source_branch": "main",
    "source_directory": "docs/",
    "footer_icons": [
        {"name": name, "url": url, "html": name, "class": "footer-link"}
        for name, url in (("Source", SOURCE), ("Issues", ISSUES))
    ],
    "light_css_variables": {"color-brand-primary": "#0b6e4f", "color-brand-content": "#0b6e4f"},
    "dark_css_variables": {"color-brand-primary": "#4fd1a5", "color-brand-content": "#4fd1a5"},
}
# What is copied of a session is what one types, without its prompts and answers.
copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True
viewcode_line_numbers = True
exclude_patterns = ["_build", "performance/results.md"]

autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
napoleon_numpy_docstring = False
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80
default_role = "code"  # docstrings quote names with single backticks

# The inventories are committed, so that the documentation builds without a network.
intersphinx_mapping = {
    "python": ("https://docs.python.org/3", "inventories/python.inv"),
    "aiohttp": ("https://docs.aiohttp.org/en/stable", "inventories/aiohttp.inv"),
}

# What autodoc finds in signatures, and no inventory has.
nitpick_ignore_regex = [
    ("py:class", r"(.*\.)?_[A-Z]\w*(\.\w+)?"),  # type variables
    ("py:.*", r"(aiohttp\.)?(client|client_reqrep|web|web_\w+|typedefs|helpers)\..*"),
    ("py:class", r"ponty\.(core|request)\.[\w.]+Options"),  # a TypedDict's keys stand in the text
    ("py:class", r"ponty\.memo\.(locks\.sentinel_store\.Sentinels|stores\.cache_store\.Store)"),  # described in words
    ("py:class", r"Redis|CollectorRegistry|TracerProvider"),  # of redis-py, prometheus_client and OpenTelemetry
    ("py:.*", r"(typing\.~_P|collections\.abc\.Callable\[\[.*)"),
    ("py:class", r"_asyncio\.\w+"),  # asyncio's own, written in C
    ("py:class", r"multidict\._multidict\.\w+"),  # what aiohttp's LooseHeaders stands for
    ("py:class", r"ponty\.core\.serving\.serve\.Missing"),  # where a port is not given
    ("py:class", r"(ponty\.request\.client\.[\w.]+\.)?(Called|ItemReader|Reader|Session)"),  # described in words
    ("py:class", r"(URL|LooseHeaders|StrOrURL|Middleware|istr|Unpack|optional)"),
]

# Where a name is defined, and under which name it is documented.
DOCUMENTED_AS = (
    (re.compile(r"ponty\.(?:core|request)\.(?!testing\.)(?:[a-z_]+\.)*(\w+)"), r"ponty.\1"),
    (re.compile(r"(?:aiohttp\.)?web(?:_\w+)?\.(\w+)"), r"aiohttp.web.\1"),
    (re.compile(r"(?:aiohttp\.)?client(?:_\w+)?\.(\w+)"), r"aiohttp.\1"),
)


def find_documented_name(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, contnode: nodes.TextElement
) -> nodes.reference | None:
    """Link a name that was written as its module has it, to where it is documented under the name that users import."""
    if node.get("refdomain") != "py":
        return None
    for pattern, documented in DOCUMENTED_AS:
        if (found := pattern.fullmatch(node["reftarget"])) is None:
            continue
        node["reftarget"] = found.expand(documented)
        here = env.domains.python_domain.resolve_xref(
            env, node["refdoc"], app.builder, "obj", node["reftarget"], node, contnode
        )
        return here or intersphinx.missing_reference(app, env, node, contnode)
    return None


def use_docstring_of_data(_app: Sphinx, what: str, name: str, *others: Any) -> None:
    """Replace the docstring of a constant's class by the text below the constant, in the module that defines it."""
    lines: list[str] = others[-1]
    if what != "data":
        return
    attribute = name.rpartition(".")[2]
    for layer in ("core", "request", "memo"):
        homes: dict[str, str] = getattr(importlib.import_module(f"ponty.{layer}"), "_HOMES", {})
        if attribute in homes:
            analyzer = ModuleAnalyzer.for_module(homes[attribute])
            analyzer.analyze()
            lines[:] = analyzer.attr_docs.get(("", attribute), lines)
            return


def setup(app: Sphinx) -> None:
    """Register the search for documented names, before that in other projects, and for the texts of constants."""
    app.connect("missing-reference", find_documented_name, priority=400)
    app.connect("autodoc-process-docstring", use_docstring_of_data, priority=400)
