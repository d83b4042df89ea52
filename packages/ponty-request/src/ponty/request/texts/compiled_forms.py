"""The text forms of all types but the plainest, made from the schemas of the types.

::

    type ── parsing.compiler ──> schema ── compiled_form ──> TextForm
    text ── the JSON value that it stands for ── validation and building, as of a body ──> value

The schema is the one that the type has in a body, so that the same bounds hold for texts. If it has no bounds, the text
is read in one step. Only the exact form is accepted: no blanks around it, no digits of other scripts, no other
notation.
"""

import decimal
from collections.abc import Callable, Sequence
from typing import Any

from ponty.request.content.json_decoder import Json
from ponty.request.parsing.compiled_types.compiled_type import Schema, is_hashable
from ponty.request.parsing.compiler import Compiler
from ponty.request.parsing.parser import Parser
from ponty.request.texts.form import TextForm
from ponty.request.texts.scalar_texts import alternatives, kind_of, no_form, one_of, texts_of, without_null
from ponty.request.texts.text_parts import text_part

_IS_NARROWED_BY_NONE_OF = {
    "type",
    "format",
    "contentEncoding",
    "enum",
    "title",
    "description",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "default",
    "$comment",
    "x-enum-varnames",
}


def compiled_form(tp: Any) -> TextForm:
    """Compile a type: a scalar, a scalar or None, or a list of scalars.

    Raises:
        TypeError: The type has no text form.
        ValueError: An Annotation is not valid.
    """
    compiled, whole = Compiler(tp).whole()
    schema: Schema = {name: value for name, value in whole.items() if name != "$schema"}
    inner, is_optional = without_null(schema)
    if inner.get("type") == "array":
        return _list_form(tp, schema)
    if not inner:
        raise no_form(tp)
    # A type whose values have no hash is built in a further step: a bytearray is made from the bytes that are read.
    is_plain = (
        schema.keys() - {"anyOf"} <= _IS_NARROWED_BY_NONE_OF
        and inner.keys() <= _IS_NARROWED_BY_NONE_OF
        and is_hashable(compiled)
    )
    if "enum" in inner:
        texts = texts_of(tp, inner["enum"])
        build = Parser(tp).parse if is_optional or not is_plain else compiled.build
        values = {text: build(value) if build else value for text, value in texts.items()}
        return TextForm(
            type=tp,
            schema=schema,
            expected=one_of(texts),
            pattern=alternatives(texts),
            read=values.__getitem__,
            code="enum",
        )
    kind = kind_of(tp, inner)
    return TextForm(
        type=tp,
        schema=schema,
        expected=kind.expected,
        pattern=kind.pattern,
        read=kind.read if is_plain else _bounded(kind.to_json, Parser(tp)),
    )


def _bounded(to_json: Callable[[str], Json], parser: Parser) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        value = parser.parse(to_json(text))
        if isinstance(value, decimal.Decimal) and value != decimal.Decimal(text):
            raise ValueError("more digits than the bounds are checked with")
        return value

    return read


def _list_form(tp: Any, schema: Schema) -> TextForm:
    part = text_part(tp, schema)
    parse = Parser(tp).parse

    def read(texts: Sequence[str]) -> Any:
        return parse(part.to_json(texts))

    return TextForm(type=tp, schema=schema, expected=part.expected, pattern="", read=read, is_list=True)
