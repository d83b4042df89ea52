"""What `ponty.memo` raises."""

import subprocess
import sys

import ponty.memo
from ponty.memo import Locked, Stampede


def test_a_stampede_is_a_kind_of_locked() -> None:
    assert issubclass(Stampede, Locked)


def test_both_answer_409_where_a_web_layer_asks() -> None:
    assert Locked.__ponty_status__ == Stampede.__ponty_status__ == 409


def test_importing_the_memo_loads_no_web() -> None:
    """Also where every distribution is installed."""
    code = (
        "import sys, ponty.memo; print(sorted({'aiohttp', 'msgspec', 'jsonschema', 'ponty.core'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_importing_the_memo_loads_nothing_slow() -> None:
    """`asyncio` takes longer than all of `ponty.memo`, and is loaded by who runs a loop."""
    code = "import sys, ponty.memo; print(sorted({'asyncio', 'inspect', 'logging', 'random'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_all_public_names_exist_and_say_what_they_are() -> None:
    assert ponty.memo.__all__ == sorted(ponty.memo.__all__)
    for name in ponty.memo.__all__:
        assert name == "Event" or getattr(ponty.memo, name).__doc__, name
