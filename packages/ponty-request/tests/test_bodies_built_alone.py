"""Bodies that msgspec builds by itself: which classes they are of, and that no less is refused for it."""

import abc
import dataclasses
import functools
import gc
import json
from typing import Annotated, Any, Self

import msgspec
import pytest

from ponty.request import UNSET, Annotation, InvalidField, ParsedJsonBody, UnsetType
from ponty.request.parsing import parser
from ponty.request.parsing.msgspec_path.own_types import own_form
from ponty.request.parsing.msgspec_path.plain_dataclasses import is_plain_dataclass


@dataclasses.dataclass
class Size:
    width: int
    height: Annotated[int, Annotation(minimum=1)] = -1
    unit: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Box:
    label: Annotated[str, Annotation(maxLength=20)]
    sizes: Annotated[list[Size], Annotation(maxItems=200)]
    tags: list[str] = dataclasses.field(default_factory=list)
    inner: dict[str, Size] = dataclasses.field(default_factory=dict[str, Size])


class Crate(msgspec.Struct):
    label: str
    rows: list[list[int]]


@dataclasses.dataclass
class Checked:
    name: str

    def __post_init__(self) -> None:
        if self.name == "nobody":
            raise ValueError("nobody is not a name")


@dataclasses.dataclass
class OwnInit:
    name: str

    def __init__(self, name: str) -> None:
        self.name = name.upper()


@dataclasses.dataclass
class Watched:
    name: str

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, str(value).upper())


@dataclasses.dataclass
class Below(Checked):
    pass


class Counting(type):
    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return super().__call__(*args, **kwargs)


@dataclasses.dataclass
class OfMeta(metaclass=Counting):
    name: str


@dataclasses.dataclass
class New:
    name: str

    def __new__(cls, *_: object) -> Self:
        return super().__new__(cls)


@dataclasses.dataclass
class Wrapped:
    name: str


_generated = Wrapped.__init__


@functools.wraps(_generated)
def _wrapper(self: Wrapped, name: str) -> None:
    _generated(self, name.upper())


Wrapped.__init__ = _wrapper  # type: ignore[method-assign]


class Upper:
    def __get__(self, instance: object, owner: type) -> str:
        return vars(instance)["_name"] if instance else "none"

    def __set__(self, instance: object, value: str) -> None:
        vars(instance)["_name"] = value.upper()


@dataclasses.dataclass
class Managed:
    name: str = Upper()  # type: ignore[assignment]


@dataclasses.dataclass
class Late:
    name: str
    length: int = dataclasses.field(init=False, default=0)


@dataclasses.dataclass(kw_only=True)
class Abstract(abc.ABC):
    name: str
    age: int = 3


@pytest.mark.parametrize("cls", [Size, Box, Abstract], ids=lambda cls: cls.__name__)
def test_a_class_without_code_of_its_own_is_plain(cls):
    assert is_plain_dataclass(cls)


@pytest.mark.parametrize(
    "cls",
    [Checked, OwnInit, Watched, Below, OfMeta, New, Wrapped, Managed, Late, type("Undecorated", (Size,), {})],
    ids=lambda cls: cls.__name__,
)
def test_a_class_with_code_of_its_own_is_not_plain(cls):
    assert not is_plain_dataclass(cls)


@pytest.mark.parametrize("factory", [list, list[str]])
def test_a_struct_is_built_alone_however_its_factory_is_written(factory):
    assert own_form(msgspec.defstruct("Tagged", [("tags", list[str], msgspec.field(default_factory=factory))]))


@pytest.mark.parametrize(
    ("cls", "name"), [(OwnInit, "ANN"), (Watched, "ANN"), (Wrapped, "ANN"), (Managed, "ANN"), (Checked, "ann")]
)
def test_the_code_of_a_class_runs(cls, name):
    assert ParsedJsonBody(cls).read(b'{"name": "ann"}').name == name


def test_a_class_may_refuse_itself_what_it_is_made_of():
    with pytest.raises(InvalidField):
        ParsedJsonBody(Checked).read(b'{"name": "nobody"}')


SIZE = {"width": 2, "height": 3}
BOX = {"label": "b", "sizes": [SIZE, SIZE]}


@pytest.fixture
def longer_ways(monkeypatch):
    """The bodies that go the longer way."""
    seen: list[bytes] = []

    def decode_json(body: bytes) -> Any:
        seen.append(body)
        return json.loads(body)

    monkeypatch.setattr(parser, "decode_json", decode_json)
    return seen


@pytest.mark.parametrize(
    "value",
    [
        BOX,
        BOX | {"tags": ["a"], "inner": {"x": SIZE}},
        BOX | {"sizes": [SIZE | {"unit": "mm"}, {"width": 1}]},
        BOX | {"sizes": []},
        BOX | {"label": 'a: "b": c'},
        BOX | {"tags": []},  # what is left out is like this, too
        BOX | {"sizes": [SIZE | {"unit": None, "height": 7}]},
        BOX | {"sizes": [SIZE] * 150},
    ],
    ids=range(8),
)
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": "), (" ,\n", "\t: ")], ids=["close", "usual", "wide"])
def test_a_good_body_is_built_at_once(value, separators, longer_ways):
    body = json.dumps(value, separators=separators).encode()
    built = ParsedJsonBody(Box).read(body)
    assert built == Box(
        value["label"],
        [Size(**size) for size in value["sizes"]],
        value.get("tags", []),
        {name: Size(**size) for name, size in value.get("inner", {}).items()},
    )
    assert longer_ways == []


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"more": 1}, "/more", "additionalProperties"),
        ({"sizes": [SIZE, SIZE | {"depth": 1}]}, "/sizes/1/depth", "additionalProperties"),
        ({"sizes": [{"width": 1, "depth": {"a": 2}}]}, "/sizes/0/depth", "additionalProperties"),
        ({"inner": {"x": SIZE | {"a:b": ":"}}}, "/inner/x/a:b", "additionalProperties"),
        ({"tags": [], "more": []}, "/more", "additionalProperties"),
        ({"sizes": [SIZE | {"height": 0}]}, "/sizes/0/height", "minimum"),
        ({"sizes": [SIZE | {"height": -1}]}, "/sizes/0/height", "minimum"),  # its default, which need not be valid
        ({"inner": {"x": {"width": 1, "height": -5}}}, "/inner/x/height", "minimum"),
        ({"label": "b" * 21}, "/label", "maxLength"),
        ({"sizes": [SIZE] * 201}, "/sizes", "maxItems"),
        ({"tags": [1]}, "/tags/0", "type"),
    ],
    ids=range(11),
)
@pytest.mark.parametrize("separators", [(",", ":"), (" , ", " : ")], ids=["close", "wide"])
def test_what_is_not_valid_is_refused_at_its_place(change, pointer, code, separators):
    body = json.dumps(BOX | change, separators=separators).encode()
    with pytest.raises(InvalidField) as refused:
        ParsedJsonBody(Box).read(body)
    assert [(each.pointer, each.code) for each in refused.value.violations] == [(pointer, code)]


def test_text_that_is_not_utf_8_is_refused_where_nothing_reads_it():
    body = json.dumps(BOX | {"more": "?"}).encode().replace(b"?", b"\xff")
    with pytest.raises(InvalidField) as refused:
        ParsedJsonBody(Box).read(body)
    assert refused.value.violations[0].code == "encoding"


ROWS = b'{"label": "c", "rows": [' + b",".join([b"[1]"] * 300) + b"]%b}"


def test_a_struct_that_lets_in_more_is_built_at_once_however_many_arrays_it_has(longer_ways):
    built = ParsedJsonBody(Crate).read(ROWS % b', "more": [[1], {"a": 2}]')
    assert built == Crate("c", [[1]] * 300)
    assert longer_ways == []


def test_a_property_that_is_passed_over_is_no_deeper_than_others_may_be():
    deep = b', "more": ' + b"[" * 150 + b"]" * 150
    with pytest.raises(InvalidField) as refused:
        ParsedJsonBody(Crate).read(ROWS % deep)
    assert refused.value.violations[0].code == "too_deep"


class Item(msgspec.Struct, forbid_unknown_fields=True):
    code: Annotated[str, Annotation(pattern="^[A-Z]+$")]
    price: Annotated[float, Annotation(exclusiveMinimum=0)] = 1.0


def test_constraints_of_structs_are_seen_to_as_they_are_built(longer_ways):
    assert ParsedJsonBody(list[Item]).read(b'[{"code": "A"}, {"code": "B", "price": 2}]') == [Item("A"), Item("B", 2.0)]
    assert longer_ways == []
    for bad in (b'[{"code": "a"}]', b'[{"code": "A", "price": 0}]', b'[{"code": "A", "more": 0}]'):
        with pytest.raises(InvalidField):
            ParsedJsonBody(list[Item]).read(bad)


def test_a_class_in_a_function_is_built_of_its_own_types():
    """Its annotations are texts, which name what is in the function and not what is in the module."""

    @dataclasses.dataclass
    class Size:
        depth: int

    @dataclasses.dataclass
    class Hole:
        size: "Size"

    assert ParsedJsonBody(Hole).read(b'{"size": {"depth": 1}}') == Hole(Size(1))


@pytest.fixture
def collections():
    """The collections of garbage that begin, while the collector looks each time a few objects were made."""
    begun, before = [], gc.get_threshold()

    def note(phase, _):
        if phase == "start":
            begun.append(phase)

    gc.callbacks.append(note)
    gc.set_threshold(50)
    yield begun
    gc.set_threshold(*before)
    gc.callbacks.remove(note)


@pytest.mark.parametrize("row", [[1, 2], [1, "2"]], ids=["good", "refused"])
def test_garbage_is_not_looked_for_while_a_large_body_is_decoded(collections, row):
    """It would be gone through dozens of times; and it is looked for again afterwards, whatever the body was."""
    read = parser.Parser(Crate)._read_long
    body = json.dumps({"label": "a", "rows": [[1, 2]] * 5000 + [row]}).encode()
    before = len(collections)
    try:
        crate = read(body)
    except msgspec.ValidationError:
        assert row != [1, 2]
    else:
        assert len(crate.rows) == 5001
    assert len(collections) - before < 10
    assert gc.isenabled()


def test_a_collector_that_a_program_has_switched_off_stays_off():
    body = json.dumps({"label": "a", "rows": [[1]] * 5000}).encode()
    gc.disable()
    try:
        parser.Parser(Crate).read(body)
        assert not gc.isenabled()
    finally:
        gc.enable()


@dataclasses.dataclass
class Cleared:
    label: str
    note: UnsetType | None = UNSET


@pytest.mark.parametrize(("body", "note"), [(b'{"label":"a"}', UNSET), (b'{"label":"a","note":null}', None)])
@pytest.mark.parametrize("blanks", [0, 5000])
def test_a_member_may_be_null_or_absent_and_nothing_else(body, note, blanks):
    assert parser.Parser(Cleared).read(body + b" " * blanks) == Cleared("a", note)
    with pytest.raises(InvalidField, match="null"):
        parser.Parser(Cleared).read(b'{"label":"a","note":1}' + b" " * blanks)
