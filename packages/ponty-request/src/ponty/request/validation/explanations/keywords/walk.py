"""The walk through a schema, as its keywords use it."""

from typing import Any, Protocol

from ponty.request.validation.explanations.checks import Part
from ponty.request.validation.schemas.documents import Documents
from ponty.request.validation.schemas.jsonschema_rs_backend import IsValid


class Walk(Protocol):
    """A walk through a schema, which makes the parts for its keywords."""

    @property
    def documents(self) -> Documents:
        """The schema, with the documents that it refers to."""
        ...

    def part(self, schema: Any) -> Part:
        """Make a part, once for each schema."""
        ...

    def ask(self, schema: Any) -> IsValid:
        """Compile a schema together with all others that are asked about."""
        ...

    def referred(self, schema: Any) -> Any:
        """Return a reference to a schema."""
        ...
