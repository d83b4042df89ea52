"""Reads the texts of a query or a form as the JSON value that they stand for, by its schema."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from ponty.request.content.json_decoder import Json
from ponty.request.errors import InvalidField, Violation, refusal
from ponty.request.parsing.compiled_types.compiled_type import Schema
from ponty.request.texts.converters import CAST_ERRORS
from ponty.request.texts.scalar_texts import kind_of, no_form, one_of, texts_of, without_null
from ponty.request.validation.explanations.pointer import find


class TextPart(msgspec.Struct, frozen=True):
    """How texts are read as the JSON value of a schema.

    Args:
        expected: What a text must be, for messages.
        element: Makes the JSON value from a text; for a list, that of one element.
        is_list: Whether there may be several texts.
        code: The code of the fault if a text is not valid.
    """

    expected: str
    element: Callable[[str], Json]
    is_list: bool
    code: str = "cast"

    def to_json(self, texts: Sequence[str]) -> Json:
        """Make the JSON value that texts stand for.

        Raises:
            InvalidField: There are several texts for one value, or a text is not valid.
        """
        if not self.is_list and len(texts) > 1:
            raise InvalidField("must be given once", code="repeated")
        values: list[Json] = []
        violations: list[Violation] = []
        for index, text in enumerate(texts):
            try:
                values.append(self.element(text))
            except CAST_ERRORS:
                place = f"/{index}" if self.is_list else ""
                violations.append(Violation(place, f"must be {self.expected}", self.code))
        if violations:
            raise refusal(violations)
        return values if self.is_list else values[0]


def text_part(name: Any, schema: Schema, root: Schema | None = None) -> TextPart:
    """Make the reader of the texts of a schema: that of a scalar, a scalar or null, or a list of scalars.

    Args:
        name: The name to use in messages.
        schema: The schema.
        root: The whole schema, to whose parts `schema` may refer.

    Raises:
        TypeError: The schema is none of these.
    """
    inner, _ = without_null(_followed(schema, root))
    inner = _followed(inner, root)
    is_list = inner.get("type") == "array"
    if is_list:
        items = inner.get("items", {})
        if "prefixItems" in inner or not isinstance(items, dict):
            raise no_form(name)
        inner = _followed(items, root)
    if "enum" in inner:
        texts = texts_of(name, inner["enum"])
        return TextPart(one_of(texts), texts.__getitem__, is_list, code="enum")
    kind = kind_of(name, inner)
    return TextPart(kind.expected, kind.to_json, is_list)


def _followed(schema: Mapping[str, Json], root: Schema | None) -> Any:
    reference = schema.get("$ref")
    return find(root, reference) if isinstance(reference, str) and root is not None else schema
