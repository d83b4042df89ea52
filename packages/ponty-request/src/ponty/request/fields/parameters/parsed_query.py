"""`ParsedQuery`: all parameters of a URL's query as one value."""

import functools
from typing import Any, Generic, TypeVar, cast

from aiohttp import web

from ponty.request.errors import InvalidField, InvalidParameters, Violation
from ponty.request.fields.base import Description, Field
from ponty.request.fields.outgoing import Outgoing
from ponty.request.fields.parameters.utf8 import check_query
from ponty.request.parsing.parser import Parser
from ponty.request.texts.member_texts import MemberTexts
from ponty.request.texts.text_parts import TextPart, text_part
from ponty.request.texts.text_writing import is_same

_T_co = TypeVar("_T_co", covariant=True)


class ParsedQuery(Field[_T_co], Generic[_T_co]):
    """The whole query as an instance of a dataclass; a parameter that no field reads is refused.

    ::

        @dataclasses.dataclass
        class Filter:
            since: datetime.date | None = None
            tags: list[str] = dataclasses.field(default_factory=list[str])
            limit: Annotated[int, Annotation(minimum=1, maximum=100)] = 20

        class ListOrders(Request):
            filter = ParsedQuery(Filter)

    Each field of the class is a parameter, written as for `QueryParameter`; a list is one parameter for each element.
    The instance is validated and built like that of a body, by the class's own `__init__` and `__post_init__`; a
    ValueError there is a 400. The query may also have the parameters that other fields of the request read.

    Args:
        cls: The dataclass.

    Raises:
        TypeError: A field of the class cannot be read from text, or `cls` is not a class with fields.
        ValueError: JSON cannot hold a default.
    """

    def __init__(self, cls: type[_T_co]) -> None:
        self._type = cls
        self._parser = Parser(cls)
        self._schema = {name: value for name, value in self._parser.schema.items() if name != "$schema"}
        properties = self._schema.get("properties")
        if self._schema.get("type") != "object" or not isinstance(properties, dict):
            raise TypeError(f"ParsedQuery takes a dataclass, not {getattr(cls, '__qualname__', cls)!r}")
        self._parts: dict[str, TextPart] = {
            name: text_part(f"{cls.__qualname__}.{name}", cast("dict[str, Any]", schema), self._schema)
            for name, schema in properties.items()
        }
        self.__ponty_query__: tuple[str, ...] = tuple(self._parts)

    def extract(self, request: web.Request) -> _T_co:
        """Read and validate the parameters, and build the instance.

        Raises:
            InvalidField: A parameter is missing, given twice, or not of its type, or the instance cannot be built.
        """
        query = request.query
        value: dict[str, Any] = {}
        faults: list[tuple[str, Violation]] = []
        for name, part in self._parts.items():
            texts = query.getall(name, ())
            if texts:
                try:
                    check_query(request, name, texts)
                    value[name] = part.to_json(texts)
                except InvalidField as invalid:
                    faults += [(name, violation) for violation in invalid.violations]
        required = cast("list[str]", self._schema.get("required", []))
        faults += [(name, Violation("", "is required", "missing")) for name in required if name not in query]
        if faults:
            raise InvalidParameters(faults)
        try:
            return self._parser.parse(value)  # type: ignore[no-any-return]
        except InvalidField as invalid:
            raise InvalidParameters([_split(violation) for violation in invalid.violations]) from None

    def insert(self, value: Any, into: Outgoing) -> None:
        """Write each member as a parameter. None and empty lists are left out.

        Raises:
            InvalidField: The value is no instance of the class, or would not be read as the same.
        """
        texts = self._members.texts(value)
        read = {name: self._parts[name].to_json(several) for name, several in texts.items() if several}
        if not is_same(value, self._parser.parse(read)):
            raise InvalidField("has a member that a query cannot hold, or that would be read as another value")
        for name, several in texts.items():
            into.set_query(name, several)

    def absent(self) -> Any:
        """Return the instance that is built from an empty query.

        Raises:
            LookupError: A parameter is required.
        """
        try:
            return self._parser.parse({})
        except InvalidField:
            raise LookupError(self.name) from None

    @functools.cached_property
    def _members(self) -> MemberTexts:
        return MemberTexts(self._type)

    def describe(self) -> Description:
        """Describe the query: an object whose properties are the parameters."""
        required = bool(self._schema.get("required"))
        return Description("query", self.name, required=required, schema=self._schema, style="properties")


def _split(violation: Violation) -> tuple[str, Violation]:
    """Split a pointer into the name of the parameter, and the pointer within its value."""
    _, _, rest = violation.pointer.partition("/")
    name, slash, within = rest.partition("/")
    return name.replace("~1", "/").replace("~0", "~"), violation._replace(pointer=slash + within)
