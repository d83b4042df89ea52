"""`Annotation`: JSON Schema keywords beside a type."""

import json
from collections.abc import Mapping

from ponty.request.content.json_decoder import Json

_KEYWORDS = frozenset(
    {
        *("$anchor", "$comment", "$defs", "$dynamicAnchor", "$dynamicRef", "$id", "$ref", "$schema", "$vocabulary"),
        *("additionalProperties", "allOf", "anyOf", "const", "contains", "contentEncoding", "contentMediaType"),
        *("contentSchema", "default", "dependentRequired", "dependentSchemas", "deprecated", "description", "else"),
        *("enum", "examples", "exclusiveMaximum", "exclusiveMinimum", "format", "if", "items", "maxContains"),
        *("maxItems", "maxLength", "maxProperties", "maximum", "minContains", "minItems", "minLength"),
        *("minProperties", "minimum", "multipleOf", "not", "oneOf", "pattern", "patternProperties", "prefixItems"),
        *("properties", "propertyNames", "readOnly", "required", "then", "title", "type", "unevaluatedItems"),
        *("unevaluatedProperties", "uniqueItems", "writeOnly"),
        *("discriminator", "example", "externalDocs", "xml"),  # OpenAPI's
    }
)

_OF_PYDANTIC = {"gt": "exclusiveMinimum", "ge": "minimum", "lt": "exclusiveMaximum", "le": "maximum"}
"""The keywords that have other names in pydantic, which are too short for a guess."""

DESCRIPTIVE: frozenset[str] = frozenset(
    {"title", "description", "examples", "deprecated", "readOnly", "writeOnly", "default", "$comment"}
)
"""The keywords that describe a value, and do not constrain it."""


class Annotation:
    """JSON Schema keywords of a field or of a whole dataclass.

    ::

        @dataclasses.dataclass
        class Mug:
            litres: Annotated[float, Annotation(exclusiveMinimum=0, description="filled to the brim")]

            class JsonSchema:
                annotation = Annotation(title="A mug")

    For a field, put it into `typing.Annotated`, beside the metadata of other libraries: `Annotated[int,
    Annotation(minimum=0)]`. For a class, make it the `annotation` of an inner class `JsonSchema`. Keywords narrow what
    a type admits, or describe it; they cannot change what the type itself says (`type`, `properties`, `items`, …). Only
    a class may admit further properties, with `additionalProperties`; they are dropped when the instance is built.

    Args:
        **keywords: JSON Schema keywords (draft 2020-12), those of OpenAPI, or `x-…`.

    Raises:
        ValueError: JSON cannot hold the value of a keyword, or the keyword does not exist; your own begin with `x-`.
    """

    def __init__(self, **keywords: object) -> None:
        for name in keywords:
            if name not in _KEYWORDS and not name.startswith("x-"):
                import difflib  # noqa: PLC0415 - for a slip only

                meant = [_OF_PYDANTIC[name]] if name in _OF_PYDANTIC else difflib.get_close_matches(name, _KEYWORDS, 1)
                hint = f" (did you mean {meant[0]!r}?)" if meant else ""
                raise ValueError(
                    f"Annotation: {name!r} is not a keyword of JSON Schema{hint}; your own must begin with 'x-'"
                )
        try:
            text = json.dumps(keywords, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ValueError(f"Annotation: JSON cannot hold a keyword's value: {error}") from None
        self.keywords: Mapping[str, Json] = json.loads(text)

    def __repr__(self) -> str:
        return f"Annotation({', '.join(f'{name}={value!r}' for name, value in self.keywords.items())})"


def class_keywords(cls: type) -> Mapping[str, Json]:
    """Return the keywords of the inner class `JsonSchema` of `cls` itself, without those of its bases.

    Raises:
        TypeError: The inner class has no Annotation.
    """
    inner = vars(cls).get("JsonSchema")
    if inner is None:
        return {}
    annotation = getattr(inner, "annotation", None)
    if annotation is None and hasattr(inner, "rename"):
        return {}
    if not isinstance(annotation, Annotation):
        raise TypeError(
            f"{cls.__qualname__}.JsonSchema: it needs an attribute 'annotation' that is an Annotation, or a 'rename'"
        )
    return annotation.keywords
