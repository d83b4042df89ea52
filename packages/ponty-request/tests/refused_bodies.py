"""Requests that are refused, and some that are not: thousands, made of a seed, always the same.

Each kind of body has a field and a value that it takes. What is sent is that value with something done to it: parts
that are others, missing, too many, or odd, and bytes that are cut, changed or put in.
"""

import copy
import dataclasses
import datetime as dt  # noqa: ICN001 - it stands in every line
import decimal
import enum
import json
import random
import typing
import uuid

import msgspec

from ponty.request import UNSET as UNSET_VALUE
from ponty.request import Annotation, ParsedJsonBody, UnsetType, ValidatedJsonBody


class Colour(enum.Enum):
    RED = "r\u00f6t"
    ONE = 1
    NONE = None


@dataclasses.dataclass
class Address:
    street: str
    code: typing.Annotated[str, Annotation(maxLength=5, pattern='^[0-9"]*$')]
    country: typing.Annotated[str, Annotation(minLength=1)] = "US"


@dataclasses.dataclass
class Person:
    name: str
    age: typing.Annotated[int, Annotation(minimum=0, exclusiveMaximum=150)]
    born: dt.date
    tags: list[str]
    addresses: list[Address]


@dataclasses.dataclass
class Odd:
    """One whose names and words are to be escaped."""

    slash: typing.Annotated[int, Annotation(description="a/b")]
    colour: Colour
    quoted: typing.Literal['"', "\\", "\u00e4"]
    paid: decimal.Decimal
    key: uuid.UUID
    at: dt.datetime
    long: dict[str, list[int]]
    pair: tuple[int, str]
    several: set[int]
    maybe: int | None = None
    unset: str | UnsetType = UNSET_VALUE


@dataclasses.dataclass
class Tree:
    value: float
    trees: "list[Tree]" = dataclasses.field(default_factory=list)


class Cat(msgspec.Struct, tag="cat"):
    lives: int
    name: str = ""


class Dog(msgspec.Struct, tag="dog", forbid_unknown_fields=True):
    owner: Address


class Camel(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    first_name: str
    last_seen: dt.datetime | None = None


class Movie(typing.TypedDict):
    title: str
    year: typing.NotRequired[int]


@dataclasses.dataclass
class Choosy:
    pet: Cat | Dog
    either: int | str | list[int]
    movies: list[Movie]
    named: dict[str, Camel]

    def __post_init__(self):
        if self.either == "no":
            raise ValueError("it is not that")


EVERY_KEYWORD: dict[str, typing.Any] = {
    "type": "object",
    "minProperties": 2,
    "maxProperties": 12,
    "propertyNames": {"maxLength": 300, "not": {"const": "secret"}},
    "properties": {
        'a"b': {"allOf": [{"type": "integer"}, {"minimum": 3}, {"multipleOf": 2}]},
        "c/d~e": {"type": ["string", "null"], "format": "email"},
        "list": {"prefixItems": [{"type": "string"}, True], "items": {"type": "integer"}, "maxItems": 70},
        "holds": {"contains": {"const": 1}, "minContains": 2, "maxContains": 3, "uniqueItems": False},
        "one": {"oneOf": [{"type": "integer"}, {"type": "number", "maximum": 5}, {"type": "string"}]},
        "any": {"anyOf": [{"required": ["x"]}, {"required": ["y"]}], "type": "object"},
        "if": {"if": {"type": "string"}, "then": {"minLength": 2}, "else": {"maximum": 3}},
        "unique": {"uniqueItems": True, "type": "array", "minItems": 1},
        "deep": {"$ref": "#/$defs/deep"},
        "rest": {"properties": {"a": True}, "patternProperties": {"^\u00e4": {"type": "integer"}}},
        "left": {"allOf": [{"properties": {"a": True}}], "unevaluatedProperties": False},
    },
    "patternProperties": {"^n": {"type": "number"}},
    "additionalProperties": {"type": "boolean"},
    "dependentRequired": {"one": ["any"], "if": ["deep"]},
    "dependentSchemas": {"any": {"required": ["list"]}},
    "required": ['a"b', "c/d~e"],
    "$defs": {"deep": {"type": "object", "properties": {"d": {"$ref": "#/$defs/deep"}}, "required": ["v"]}},
}

_ADDRESS = {"street": "Main", "code": "12345", "country": "US"}
_CAT, _DOG = {"type": "cat", "lives": 9, "name": "Tom"}, {"type": "dog", "owner": _ADDRESS}

KINDS: dict[str, tuple[typing.Any, object]] = {
    "person": (
        lambda: ParsedJsonBody(Person),
        {"name": "Ann", "age": 41, "born": "1985-02-28", "tags": ["a", "b"], "addresses": [_ADDRESS, _ADDRESS]},
    ),
    "odd": (
        lambda: ParsedJsonBody(Odd),
        {
            "slash": 1,
            "colour": "r\u00f6t",
            "quoted": "\\",
            "paid": "1.50",
            "key": "12345678-1234-5678-1234-567812345678",
            "at": "2026-01-02T03:04:05Z",
            "long": {"a": [1, 2], "b/~": [3]},
            "pair": [1, "x"],
            "several": [1, 2, 3],
            "maybe": None,
            "unset": "is set",
        },
    ),
    "tree": (lambda: ParsedJsonBody(Tree), {"value": 1.5, "trees": [{"value": 2, "trees": [{"value": 3}]}]}),
    "choosy": (
        lambda: ParsedJsonBody(Choosy),
        {
            "pet": _CAT,
            "either": "yes",
            "movies": [{"title": "M", "year": 1931}],
            "named": {"a": {"firstName": "A", "lastSeen": None}},
        },
    ),
    "pets": (lambda: ParsedJsonBody(list[Cat | Dog]), [_CAT, _DOG, _CAT]),
    "numbers": (lambda: ParsedJsonBody(dict[str, list[int]]), {"a": [1, 2, 3], "b": []}),
    "keywords": (
        lambda: ValidatedJsonBody(schema=EVERY_KEYWORD),
        {
            'a"b': 4,
            "c/d~e": "a@b.cd",
            "list": ["a", None, 1, 2],
            "holds": [1, 1, 2],
            "one": 7,
            "any": {"x": 1},
            "if": "text",
            "unique": [1, 2],
            "deep": {"v": 1, "d": {"v": 2}},
            "left": {"a": 1},
        },
    ),
}
"""A field of each kind of body, and a value that it takes."""

_ODD_VALUES: list[typing.Any] = [
    *[None, True, 0, -1, 1.0, 1.5, 10**30, -(10**400), 1e308, "", "x", "\u00e4\U0001f600", '"\\/\n\x00\x7f', "no"],
    *[[], {}, [1] * 60, ["a"] * 70, [None, [1, [2]]], {"type": "cat"}, {"a": {"b": {"c": {}}}}],
    *["12345678" * 40, [{}] * 3],
    *[{f"k{number}": number for number in range(60)}, [[[[]]]] * 52, {"type": "bird", "lives": "x"}, "2026-13-01"],
]
_ODD_NAMES = [
    *["", "a/b", "a~b", "~1", '"', "\\", "\n", "\x00", "\x7f", "\u00e4", "\U0001f600", "\u2028", "extra", "__proto__"],
    *["k" * 255, "k" * 300, "\u00e4" * 200, "/" * 130, '"' * 100, "secret", "n1", "type", "0", "d"],
]
_ODD_BYTES = [
    *[b"", b"\x00", b"\xff", b"\xed\xa0\x80", b"NaN", b"-Infinity", b"[", b"{", b'"', b"\\", b"\\ud800", b"\\u0000"],
    *[b"1e999", b"[" * 120, b'{"a":' * 120, b"//", b",", b":", b"0123", b"9" * 400, b"\xef\xbb\xbf", b" \t\r\n"],
]
_SCRIPTS = ["\\ud800", "\\udc00", "\\ud83d\\ude00", "\\u0000", "\\u00e4", "\\/", "\\\\", '\\"', "\\u2028"]


class Maker:
    """Makes bodies of a seed. Of `random`, only `random()` is the same in every version of Python."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(sum(letter * 31**place for place, letter in enumerate(seed.encode())))

    def below(self, number: int) -> int:
        return int(self._random.random() * number)

    def one_of(self, values: typing.Any) -> typing.Any:
        return values[self.below(len(values))]

    def body(self, good: object) -> bytes:
        """Make one body of a good one."""
        value = json.loads(json.dumps(good))
        how = self.below(10)
        if how > 1:
            for _ in range(self.one_of([1, 1, 1, 2, 3, 8])):
                value = self._changed(value)
        text = json.dumps(value, ensure_ascii=bool(self.below(2)))
        if how == 2:  # what JSON has escapes for, and Python's text has not
            place = text.find('": ', self.below(len(text))) if len(text) else -1
            if place > 0:
                text = text[:place] + self.one_of(_SCRIPTS) * (1 + self.below(2)) + text[place:]
        if how == 3:  # a name given twice
            text = text.replace("{", '{"name": 1, "name": "x", ', 1)
        body = text.encode(errors="surrogatepass")
        if how == 0:
            place = self.below(len(body) + 1)
            body = body[:place]
        elif how == 1:
            place = self.below(len(body) + 1)
            body = body[:place] + self.one_of(_ODD_BYTES) + body[place + self.below(3) :]
        return body

    def _changed(self, value: typing.Any) -> typing.Any:
        """Change one part of a value, at whatever depth."""
        if isinstance(value, dict) and value and self.below(4):
            name = self.one_of([*value])
            match self.below(6):
                case 0:
                    del value[name]
                case 1:
                    value[self.one_of(_ODD_NAMES)] = self._odd()
                case _:
                    value[name] = self._changed(value[name])
            return value
        if isinstance(value, list) and value and self.below(4):
            place = self.below(len(value))
            match self.below(5):
                case 0:
                    value *= self.one_of([0, 2, 20])
                case 1:
                    value.insert(place, self._odd())
                case _:
                    value[place] = self._changed(value[place])
            return value
        return self._odd()

    def _odd(self) -> typing.Any:
        return copy.deepcopy(self.one_of(_ODD_VALUES))


def bodies(kind: str, count: int) -> list[bytes]:
    """Make so many bodies of a kind."""
    maker, (_, good) = Maker(kind), KINDS[kind]
    return [maker.body(good) for _ in range(count)]
