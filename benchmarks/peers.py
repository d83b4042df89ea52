"""The peers: what each is, and what it needs in an environment of its own."""

import dataclasses
import pathlib

SERVERS = pathlib.Path(__file__).parent / "servers"

_UVICORN = ("async-lru==2.4.0", "httptools==0.9.0", "uvicorn==0.54.0", "uvloop==0.23.0")
_UNFIT = ("truncated body",)  # an unhandled exception, a 500


@dataclasses.dataclass(frozen=True)
class Peer:
    """A server to measure.

    `requires` is what is installed for it; None where it runs in the environment of this tool, which has Ponty. `unfit`
    are cases that it is known to answer otherwise than all others.
    """

    name: str
    what: str
    file: str
    requires: tuple[str, ...] | None = None
    arguments: tuple[str, ...] = ()
    unfit: tuple[str, ...] = ()

    @property
    def script(self) -> pathlib.Path:
        """The program that serves it; its first argument is the port."""
        return SERVERS / self.file


PONTY = Peer("ponty", "this checkout", "ponty_app.py")
BY_HAND = Peer("aiohttp", "aiohttp by hand: json of the standard library, checks written out, uvloop", "aiohttp_app.py")
TUNED = Peer("aiohttp tuned", "aiohttp tuned by hand: typed decoders of msgspec, uvloop", "tuned_app.py")
FLOOR = Peer(
    "the floor",
    "uvloop, httptools and msgspec, without a framework",
    "floor_app.py",
    ("httptools==0.9.0", "msgspec==0.22.0", "uvloop==0.23.0"),
)

PEERS = (
    PONTY,
    BY_HAND,
    TUNED,
    Peer("FastAPI", "on uvicorn with uvloop and httptools", "fastapi_app.py", ("fastapi==0.165.0", *_UVICORN)),
    Peer("Litestar", "on uvicorn with uvloop and httptools", "litestar_app.py", ("litestar==2.25.0", *_UVICORN)),
    Peer(
        "BlackSheep",
        "on uvicorn with uvloop and httptools",
        "blacksheep_app.py",
        ("blacksheep==2.6.4", "pydantic==2.14.3", *_UVICORN),
    ),
    Peer(
        "Sanic",
        "on its own server with uvloop and httptools",
        "sanic_app.py",
        ("async-lru==2.4.0", "pydantic==2.14.3", "sanic==25.12.1", "sanic-ext==25.12.0", "uvloop==0.23.0"),
    ),
    Peer(
        "Falcon",
        "ASGI, on uvicorn with uvloop and httptools; msgspec",
        "falcon_app.py",
        ("falcon==4.4.0", "msgspec==0.22.0", *_UVICORN),
    ),
    Peer(
        "aiohttp-apischema",
        "aiohttp with Pydantic, uvloop",
        "apischema_app.py",
        ("aiohttp-apischema==0.0.2", "aiohttp==3.14.5", "async-lru==2.4.0", "uvloop==0.23.0"),
    ),
    Peer(
        "Robyn",
        "on its own server in Rust; pydantic",
        "robyn_app.py",
        ("async-lru==2.4.0", "pydantic==2.14.3", "robyn==0.88.0"),
    ),
    FLOOR,
    Peer(
        "ponty 0.3.9",
        "an older release line",
        "ponty_0_3_app.py",
        ("ponty==0.3.9", "aiohttp==3.14.5"),
        unfit=_UNFIT,
    ),
    Peer(
        "ponty 0.3.9 uvloop",
        "the same on uvloop, which its own entry point does not use",
        "ponty_0_3_app.py",
        ("ponty==0.3.9", "aiohttp==3.14.5", "uvloop==0.23.0"),
        ("uvloop",),
        _UNFIT,
    ),
)
