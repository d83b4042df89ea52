"""The faults that `mutations.py` plants can be planted: a fault whose place has moved away would prove nothing."""

import importlib.util
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).parent


def planted():
    sys.path.insert(0, str(HERE))
    try:
        spec = importlib.util.spec_from_file_location("ponty_memo_mutations", HERE / "mutations.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(HERE))
    return [*module.FAULTS, *module.FLEET_FAULTS]


@pytest.mark.parametrize(("name", "room", "before", "after"), planted(), ids=lambda value: None)
def test_a_fault_can_be_planted(name, room, before, after):
    code = (HERE.parent / "src/ponty/memo" / room).read_text()
    assert code.count(before) == 1, f"{name}: {room} has {code.count(before)} of {before!r}"
    assert before != after
