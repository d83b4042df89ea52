"""JSON Schemas as validators, checked at import.

jsonschema-rs decides whether a value is valid; Ponty's own walk through the schema explains what is wrong with it. Both
are made when they are first needed, since most bodies are valid. Only a schema that may be faulty is compiled at
import. A schema that a program passes is checked by jsonschema, which has the best messages, and is imported only then.
"""

import copy
import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ponty.request.content.json_decoder import Json
from ponty.request.errors import InvalidField, Refused
from ponty.request.validation.explanations.messages import NOT_VALID
from ponty.request.validation.schemas.dialects import dialect_of
from ponty.request.validation.schemas.documents import ROOT, Documents, Load
from ponty.request.validation.schemas.jsonschema_rs_backend import OWN_FORMATS, TYPE_FORMATS, Backend, IsValid, Parts
from ponty.request.validation.schemas.sure_schemas import is_surely_valid

if TYPE_CHECKING:
    from ponty.request.validation.explanations.explainer import Explainer

_LARGE = 1000
"""If a schema consists of more schemas than this, its explainer is compiled as soon as it is made."""


class Validator:
    """A JSON Schema, draft 2020-12 unless its `$schema` says otherwise.

    Args:
        schema: The schema.
        given: Whether the program has passed it; otherwise it is made from a type, and its formats mean what Python's
            types can hold.
        uri: The URI of a schema that the program has passed.
        load: Finds the documents that such a schema refers to.

    Raises:
        ValueError: The schema is not valid, a `$ref` leads nowhere or in a circle, or a pattern cannot be matched in
            linear time.
    """

    def __init__(self, schema: Any, *, given: bool = True, uri: str = ROOT, load: Load | None = None) -> None:
        self._schema: Any = schema
        self._formats: Any = OWN_FORMATS if given else TYPE_FORMATS
        self._explainer: Explainer | None = None
        if given:
            _check(schema)
            self._schema = copy.deepcopy(schema)
            documents = Documents(self._schema, uri=uri, load=load)
            self._backend: Backend = Backend(self._formats, documents.known, base=documents.root)
            self._explain_by(documents)
        else:
            self._backend = Backend(self._formats)
        if given or not is_surely_valid(schema):
            self.is_valid  # noqa: B018 - compiles it

    @functools.cached_property
    def is_valid(self) -> IsValid:
        """The test whether a value is valid; compiled when it is first used."""
        return self._backend.compile(self._schema)

    def of_parts(self, parts: Sequence[dict[str, Json]]) -> list[IsValid]:
        """Compile schemas whose references lead into this one."""
        if not parts:
            return []
        named = {f"-{index}": part for index, part in enumerate(parts)}
        root = {**self._schema, "$defs": {**self._schema.get("$defs", {}), **named}}
        together = Parts(Backend(self._formats, {ROOT: root}).compile)
        return [together.add({"$ref": f"{ROOT}#/$defs/{name}"}) for name in named]

    def check(self, value: Json) -> None:
        """Refuse a value that is not valid.

        Raises:
            InvalidField: The value is not valid; the first 51 violations are named.
        """
        if not self.is_valid(value):
            raise self.refusal(value) or _NOT_VALID.error()

    def refusal(self, value: Json) -> InvalidField | None:
        """Return the exception that says what is wrong with a value; None if nothing is."""
        refused = self.refused(value)
        return None if refused is None else refused.error()

    def refused(self, value: Json) -> Refused | None:
        """Return what is wrong with a value that is probably not valid; None if nothing is."""
        explainer = self._explainer or self.explainer
        found = explainer.explain(value)
        if not found:
            return None if self.is_valid(value) else _NOT_VALID
        return Refused([*dict.fromkeys(found)] if explainer.may_repeat else found)

    @property
    def explainer(self) -> "Explainer":
        """The explainer, made when it is first used."""
        return self._explainer or self._explain_by(Documents(copy.deepcopy(self._schema)))

    def _explain_by(self, documents: Documents) -> "Explainer":
        from ponty.request.validation.explanations.explainer import Explainer  # noqa: PLC0415 - as late as it is made

        backend = Backend(self._formats, documents.known)
        self._explainer = explainer = Explainer(documents, documents.known[documents.root], backend)
        if len(documents.places) > _LARGE:
            explainer.compile()
        return explainer


_NOT_VALID = Refused([("", NOT_VALID)])


def _check(schema: Any) -> None:
    """Check a schema against the meta-schema of its dialect."""
    if not isinstance(schema, dict | bool):
        raise ValueError(f"a JSON Schema must be an object or a boolean, not {type(schema).__qualname__!r}")
    dialect = dialect_of(schema)
    import jsonschema  # noqa: PLC0415 - it takes a while
    from jsonschema import validators  # noqa: PLC0415 - likewise

    draft: Any = validators.validator_for({"$schema": dialect.uri})
    try:
        draft.check_schema(schema, format_checker=jsonschema.FormatChecker(formats=()))
    except jsonschema.SchemaError as error:
        place = "/".join(map(str, error.absolute_path))
        raise ValueError(f"not a valid JSON Schema, at {place!r}: {error.message}") from None
