project = "Ponty"
copyright = "2026, the Ponty authors"  # noqa: A001 - Sphinx's name
version = release = "1.0.0"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.intersphinx", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = "Ponty"
html_logo = html_favicon = "_static/logo.svg"
html_static_path = ["_static"]
html_css_files = ["ponty.css"]
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b6e4f", "color-brand-content": "#0b6e4f"},
    "dark_css_variables": {"color-brand-primary": "#4fd1a5", "color-brand-content": "#4fd1a5"},
}
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
    (
        "py:.*",
        r"(aiohttp\.)?(client|client_reqrep|web|web_\w+|typedefs|helpers)\..*",
    ),
    ("py:class", r"ponty\.core\.[\w.]+Options"),  # a TypedDict's keys stand in the text
    ("py:class", r"ponty\.memo\.(locks\.sentinel_store\.Sentinels|stores\.cache_store\.Store)"),  # described in words
    ("py:class", r"Redis|CollectorRegistry|TracerProvider"),  # of redis-py, prometheus_client and OpenTelemetry
    ("py:.*", r"(typing\.~_P|collections\.abc\.Callable\[\[.*)"),
    ("py:class", r"_asyncio\.\w+"),  # asyncio's own, written in C
    ("py:class", r"multidict\._multidict\.\w+"),  # what aiohttp's LooseHeaders stands for
    ("py:class", r"ponty\.core\.serving\.serve\.Missing"),  # where a port is not given
    ("py:class", r"(LooseHeaders|StrOrURL|Middleware|istr|Unpack|optional)"),
]
