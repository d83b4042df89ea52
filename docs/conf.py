project = "Ponty"
copyright = "2026, the Ponty authors"  # noqa: A001 - Sphinx's name
version = release = "1.0.0"

extensions = ["sphinx.ext.autodoc", "sphinx.ext.intersphinx", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = "Ponty"
exclude_patterns = ["_build"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
napoleon_numpy_docstring = False
python_use_unqualified_type_names = True

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
        r"(aiohttp\.)?(client|web|web_\w+|typedefs|helpers)\..*",
    ),
    ("py:class", r"ponty\.core\.\w+\.\w+Options"),  # a TypedDict's keys stand in the text
    ("py:class", r"ponty\.memo\.(sentinels\.Sentinels|engine\.Memo|caching\.Store)"),  # shapes, told in words
    ("py:class", r"Redis"),  # redis-py's client
    ("py:.*", r"(typing\.~_P|collections\.abc\.Callable\[\[.*)"),
    ("py:class", r"(LooseHeaders|StrOrURL|Middleware|istr|Unpack|optional)"),
]
