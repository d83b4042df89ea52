"""Values that a JSON Schema allows, ordinary ones and ones at its bounds."""

import base64
import importlib
import json
import random
import re
import string
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Json = Any

_DEPTH = 6
"""The largest depth of values whose schemas refer to themselves."""
_MARK = "zq"
"""The beginning of each text that is made, if its schema allows that."""


class Values:
    """Makes values for the schemas of an OpenAPI document.

    Args:
        document: The document.
        random: The source of random decisions.
        seen: Values in earlier answers by their names; later requests use them.
    """

    def __init__(self, document: Json, random: random.Random, seen: Mapping[str, Sequence[Json]]) -> None:
        self._document = document
        self._random = random
        self.seen = seen
        self.marks: list[str] = []
        """The random texts that were made: an answer that has one repeats the request."""

    def of(self, schema: Json, depth: int = 0, *, edge: bool = False) -> Json:
        """Return a value that a schema allows, as far as its common keywords say.

        Args:
            schema: The schema.
            depth: The depth of the value within other values.
            edge: Whether to return a value at the bounds of the schema.
        """
        schema = self.followed(schema)
        if not isinstance(schema, dict):
            return self._any(depth)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._random.choice(schema["enum"])
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                members = schema[keyword]
                plain = [each for each in members if (kinds := self._kinds(each)) and _SCALARS.issuperset(kinds)]
                chosen = self._random.choice((plain if depth > _DEPTH else []) or members)
                return self.of(chosen, depth, edge=edge)
        if "allOf" in schema:
            merged: dict[str, Json] = {keyword: value for keyword, value in schema.items() if keyword != "allOf"}
            for each in schema["allOf"]:
                merged |= self.followed(each)
            return self.of(merged, depth, edge=edge)
        kinds = self._kinds(schema)
        kind = self._random.choice(kinds) if kinds else None
        if kind is None:
            kind = next((name for word, name in _IMPLIED if word in schema), None)
        return self._makers().get(str(kind), self._some)(schema, depth, edge)

    def followed(self, schema: Json) -> Json:
        """Return the schema that a schema refers to, or the schema itself if it refers to none."""
        while isinstance(schema, dict) and str(schema.get("$ref", "")).startswith("#/"):
            target = self._document
            for step in schema["$ref"][2:].split("/"):
                target = target[step.replace("~1", "/").replace("~0", "~")]
            schema = target
        return schema

    def _kinds(self, schema: Json) -> list[Json]:
        """Return the types that a schema names; an empty list if it is `true` or names none."""
        followed = self.followed(schema)
        kinds = followed.get("type") if isinstance(followed, dict) else None
        return kinds if isinstance(kinds, list) else [] if kinds is None else [kinds]

    def known(self, name: str) -> Json:
        """Return a value from an earlier answer that fits a parameter of this name, or None."""
        known = self.seen.get(name) or [*self.seen.get("id", ()), *self.seen.get("number", ())]
        return self._random.choice(known) if known and self._random.random() < 0.5 else None

    def mark(self) -> str:
        """Return a new random text that can be recognised in answers."""
        made = _MARK + "".join(self._random.choices(string.ascii_lowercase + string.digits, k=14))
        self.marks.append(made)
        return made

    def _makers(self) -> Mapping[str, Callable[[dict[str, Json], int, bool], Json]]:
        return {
            "object": self._object,
            "array": self._array,
            "string": lambda schema, _, edge: self._text(schema, edge=edge),
            "integer": lambda schema, _, edge: self._integer(schema, edge=edge),
            "number": lambda schema, _, edge: self._number(schema, edge=edge),
            "boolean": lambda *_: self._random.random() < 0.5,
            "null": lambda *_: None,
        }

    def _some(self, schema: dict[str, Json], depth: int, edge: bool) -> Json:
        del schema, edge
        return self._any(depth)

    def _any(self, depth: int) -> Json:
        choices: list[Callable[[], Json]] = [
            self.mark,
            lambda: self._random.randint(-100, 100),
            lambda: None,
            lambda: self._random.random() < 0.5,
        ]
        if depth < 3:
            choices += [
                lambda: [self._any(depth + 1) for _ in range(self._random.randint(0, 3))],
                lambda: {self._random.choice("abc"): self._any(depth + 1) for _ in range(self._random.randint(0, 3))},
            ]
        return self._random.choice(choices)()

    def _object(self, schema: dict[str, Json], depth: int, edge: bool) -> Json:
        needed = {*schema.get("required", ())}
        made: dict[str, Json] = {}
        for name, inner in schema.get("properties", {}).items():
            if name in needed or (depth <= _DEPTH and self._random.random() < (0.2 if edge else 0.6)):
                known = None if edge or self._kinds(inner) != ["integer"] else self.known(name)
                made[name] = known if isinstance(known, int) else self.of(inner, depth + 1, edge=edge)
        rest = schema.get("additionalProperties")
        wanted = max(schema.get("minProperties", 0) - len(made), 0)
        if isinstance(rest, dict) and depth <= _DEPTH:
            for _ in range(max(wanted, self._random.randint(0, 2))):
                names = schema.get("propertyNames", {"type": "string"})
                name = str(self.of({"type": "string", **self.followed(names)}))
                made[name] = self.of(rest, depth + 1, edge=edge)
        return made

    def _array(self, schema: dict[str, Json], depth: int, edge: bool) -> Json:
        first: Sequence[Json] = schema.get("prefixItems", ())
        least, most = schema.get("minItems", 0), schema.get("maxItems", schema.get("minItems", 0) + 3)
        usual = self._random.randint(least, min(most, least + 3))
        count = self._random.choice([least, min(most, 50)]) if edge else usual
        if depth > _DEPTH:
            count = least
        made = [self.of(inner, depth + 1, edge=edge) for inner in first[: max(count, len(first) if not edge else 0)]]
        items = schema.get("items", {})
        if items is not False:
            made += [self.of(items, depth + 1, edge=edge) for _ in range(count - len(made))]
        return [*{json.dumps(each): each for each in made}.values()] if schema.get("uniqueItems") else made

    def _integer(self, schema: dict[str, Json], *, edge: bool) -> int:
        low = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
        high = schema.get("maximum", schema.get("exclusiveMaximum", max(low, 0) + 1001) - 1)
        step = schema.get("multipleOf", 1)
        if edge:
            value = self._random.choice([low, high])
        else:
            usual = self._random.randint(int(low), max(int(low), int(min(high, low + 1000))))
            value = self._random.choice([low, usual])
        return int(value // step * step if value // step * step >= low else (value // step + 1) * step)

    def _number(self, schema: dict[str, Json], *, edge: bool) -> float:
        low, high = schema.get("minimum"), schema.get("maximum")
        above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
        start = low if low is not None else (above if above is not None else 0)
        end = high if high is not None else (below if below is not None else start + 100)
        if edge and low is not None:
            return float(low)
        middle = self._random.uniform(start, end)
        return float(middle if start < middle < end else (start + end) / 2)

    def _text(self, schema: dict[str, Json], *, edge: bool) -> str:
        if pattern := schema.get("pattern"):
            matched = matching(str(pattern), self._random)
            if matched is not None:
                return matched
        if formatted := self._formatted(schema.get("format", "")):
            return formatted
        least, most = int(schema.get("minLength", 0)), int(schema.get("maxLength", 10_000))
        if edge:
            return "x" * self._random.choice([least, min(most, 2000)])
        made = self.mark()
        return (made + "x" * max(0, least - len(made)))[:most]

    def _formatted(self, name: str) -> str:
        number = self._random.randint
        makers: dict[str, Callable[[], str]] = {
            "date": lambda: f"20{number(10, 40)}-{number(1, 12):02}-{number(1, 28):02}",
            "time": lambda: f"{number(0, 23):02}:{number(0, 59):02}:{number(0, 59):02}Z",
            "date-time": lambda: f"20{number(10, 40)}-{number(1, 12):02}-{number(1, 28):02}T{number(0, 23):02}:00:00Z",
            "duration": lambda: f"PT{number(1, 90)}M",
            "uuid": lambda: "-".join(f"{number(0, 16**length - 1):0{length}x}" for length in (8, 4, 4, 4, 12)),
            "decimal": lambda: f"{number(0, 999)}.{number(0, 99):02}",
            "email": lambda: f"{self.mark()}@a.example",
            "uri": lambda: f"https://a.example/{self.mark()}",
            "uri-reference": lambda: f"/{self.mark()}",
            "ipv4": lambda: f"192.0.2.{number(1, 254)}",
            "ipv6": lambda: f"2001:db8::{number(1, 9999):x}",
            "byte": lambda: base64.b64encode(self.mark().encode()).decode(),
        }
        return makers[name]() if name in makers else ""


_SCALARS = frozenset({"string", "integer", "number", "boolean", "null"})
_IMPLIED = (
    *(("properties", "object"), ("required", "object"), ("items", "array"), ("prefixItems", "array")),
    *(("pattern", "string"), ("minLength", "string"), ("maxLength", "string"), ("format", "string")),
    *(("minimum", "number"), ("maximum", "number")),
)


def matching(pattern: str, random: random.Random) -> str | None:
    """Return a text that matches a regular expression, or None if the expression is too complex."""
    # The parser of `re` is not public; it has not changed since it was called sre_parse.
    parser = importlib.import_module("re._parser")
    try:
        made = _of_tree(parser.parse(pattern), random)
        return made if re.search(pattern, made) else None
    except (re.error, NotImplementedError):
        return None


def _of_tree(tree: Any, random: random.Random) -> str:
    return "".join(_of_node(str(kind), value, random) for kind, value in tree)


def _of_node(kind: str, value: Any, random: random.Random) -> str:
    makers: dict[str, Callable[[], str]] = {
        "LITERAL": lambda: chr(value),
        "NOT_LITERAL": lambda: "a" if value != ord("a") else "b",
        "ANY": lambda: random.choice(string.ascii_lowercase),
        "IN": lambda: _of_set(value, random),
        "SUBPATTERN": lambda: _of_tree(value[3], random),
        "BRANCH": lambda: _of_tree(random.choice(value[1]), random),
        "AT": str,
        "ASSERT": str,
        "ASSERT_NOT": str,
    }
    if kind.endswith("_REPEAT"):
        low, high, inner = value
        return "".join(_of_tree(inner, random) for _ in range(random.randint(low, min(int(high), low + 4))))
    if kind not in makers:
        raise NotImplementedError(kind)
    return makers[kind]()


_SETS = {
    "CATEGORY_DIGIT": string.digits,
    "CATEGORY_WORD": string.ascii_letters + string.digits + "_",
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_DIGIT": string.ascii_letters,
    "CATEGORY_NOT_SPACE": string.ascii_letters,
    "CATEGORY_NOT_WORD": "-. ",
}


def _of_set(members: Any, random: random.Random) -> str:
    allowed: set[str] = set()
    negated = False
    for kind, value in members:
        match str(kind):
            case "NEGATE":
                negated = True
            case "LITERAL":
                allowed.add(chr(value))
            case "RANGE":
                allowed |= {chr(number) for number in range(value[0], min(value[1], value[0] + 200) + 1)}
            case "CATEGORY":
                allowed |= {*_SETS.get(str(value), "a")}
    if negated:
        allowed = {*string.ascii_letters, *string.digits} - allowed
    return random.choice(sorted(allowed)) if allowed else "a"
