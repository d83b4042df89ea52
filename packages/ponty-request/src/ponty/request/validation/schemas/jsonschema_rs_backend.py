"""jsonschema-rs decides whether a value is valid.

It is used for nothing else: to explain a value, it would make all of its violations at once, of which a body of 300 kB
can have millions. Its regular expressions match in linear time, and it fetches nothing.

While a refusal is explained, parts of a schema are asked about one by one. To compile each part alone would take a time
that grows with the square of the schema's size, since each part brings along what it refers to. So they are compiled
together, as properties within properties of one schema. A value is wrapped into as many objects, so that only the part
that is meant sees it.

The library is loaded when the first schema is compiled: most bodies are valid, and do not need it.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from ponty.request.validation.schemas.dialects import DIALECT
from ponty.request.validation.schemas.formats import FORMATS, checker

IsValid = Callable[[Any], bool]


class _Annotates:
    """A keyword that describes a value, and checks nothing."""

    def __init__(self, *_: object) -> None: ...

    def validate(self, _: object) -> None: ...


@functools.cache
def _options() -> dict[str, Any]:
    import jsonschema_rs  # noqa: PLC0415 - as late as it is needed

    return {
        "validate_formats": True,
        "pattern_options": jsonschema_rs.RegexOptions(),
        "offline": True,
        "keywords": {"contentEncoding": _Annotates, "contentMediaType": _Annotates},
    }


_UNKNOWN_TO_THE_STANDARD = ("base64", "decimal", "ipv4-network", "ipv6-network", "ipv4-interface", "ipv6-interface")
OWN_FORMATS = {name: checker(name) for name in _UNKNOWN_TO_THE_STANDARD}
"""The formats that are not in the standard."""
TYPE_FORMATS = {name: checker(name) for name in FORMATS}
"""All formats, checked by what Python's types can hold."""

_NO_PATTERN = ", or has look-around or back references, which cannot be matched in linear time"
_WIDTH = 16


class Backend:
    """Compiles schemas that share the documents they refer to.

    Args:
        formats: The checks of formats that jsonschema-rs does not check, or checks in another way.
        documents: The schemas that may be referred to, by their URIs.
        base: The URI of the schemas that are compiled.
    """

    def __init__(
        self, formats: Mapping[str, Any], documents: Mapping[str, Any] | None = None, base: str | None = None
    ) -> None:
        self.formats: Mapping[str, IsValid] = formats
        self._documents = documents
        self._base = base

    @functools.cached_property
    def _options(self) -> dict[str, Any]:
        import jsonschema_rs  # noqa: PLC0415 - as late as it is needed

        registry = {"registry": jsonschema_rs.Registry([*self._documents.items()])} if self._documents else {}
        return {**_options(), **registry, "formats": self.formats, "base_uri": self._base}

    def compile(self, schema: Any) -> IsValid:
        """Compile a schema.

        Raises:
            ValueError: It is not valid, refers to an unknown document, or has a pattern that cannot be matched in
                linear time.
        """
        import jsonschema_rs  # noqa: PLC0415 - as late as it is needed

        try:
            is_valid: IsValid = jsonschema_rs.validator_for(schema, **self._options).is_valid
        except jsonschema_rs.ValidationError as error:
            hint = _NO_PATTERN if error.message.endswith('is not a "regex"') else ""
            raise ValueError(f"the JSON Schema cannot be used: {error.message}{hint}") from None
        return is_valid


class Parts:
    """Schemas that are compiled together.

    Args:
        compile_: Compiles a schema.
        dialect: The dialect of the schemas.
    """

    def __init__(self, compile_: Callable[[Any], IsValid], dialect: str = DIALECT) -> None:
        self._compile = compile_
        self._dialect = dialect
        self._schemas: list[Any] = []
        self._paths: list[list[str]] = []
        self._is_valid: IsValid | None = None

    def add(self, schema: Any) -> IsValid:
        """Add a schema; all are compiled when the first of them is asked about."""
        if self._is_valid is not None:
            return self._compile({"$schema": self._dialect, **schema})
        path: list[str] = []
        self._schemas.append(schema)
        self._paths.append(path)

        def is_valid(value: Any) -> bool:
            ask = self._is_valid or self.compile()
            for name in path:
                value = {name: value}
            return ask(value)

        return is_valid

    def compile(self) -> IsValid:
        """Compile all schemas that were added."""
        level, paths = self._schemas, [[index] for index in range(len(self._schemas))]
        while len(level) > 1:
            for digits in paths:
                digits[-1:] = [digits[-1] % _WIDTH, digits[-1] // _WIDTH]
            blocks = (level[start : start + _WIDTH] for start in range(0, len(level), _WIDTH))
            level = [{"properties": dict(zip(_NAMES, block, strict=False))} for block in blocks]
        for path, digits in zip(self._paths, paths, strict=True):
            path[:] = [_NAMES[digit] for digit in digits[:-1]]
        self._is_valid = self._compile({"$schema": self._dialect, **level[0]})
        return self._is_valid


_NAMES = [f"{index:x}" for index in range(_WIDTH)]


_ALONE = Backend({})


def assertion(keyword: str, argument: Any) -> IsValid:
    """Compile a keyword that needs no other, as in draft 2020-12.

    Raises:
        ValueError: The keyword is a pattern that cannot be matched in linear time.
    """
    if keyword == "type":  # there are few of them, and one in each union of a program
        return _has_type(argument) if isinstance(argument, str) else _has_type(*argument)
    return _ALONE.compile({keyword: argument})


@functools.lru_cache(maxsize=256)
def _has_type(*types: str) -> IsValid:
    return _ALONE.compile({"type": [*types]})
