"""Where the schemas of a program come from: a value or a file, and the documents that it refers to.

A document is one that the program has passed, by its URI, or a file in the folder of the schema's own file or in a
folder within that. Nothing else is read, and nothing is fetched.
"""

import json
import pathlib
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

from ponty.request.content.json_decoder import decode_json
from ponty.request.errors import InvalidField
from ponty.request.validation.schemas.documents import ROOT
from ponty.request.validation.validator import Validator

Documents = Mapping[str, Mapping[str, Any] | bool]
"""Schemas by their URI."""


def copy_schema(schema: object) -> Any:
    """Return a copy of a schema.

    Raises:
        ValueError: The schema is not JSON.
    """
    try:
        return decode_json(json.dumps(schema, allow_nan=False).encode())
    except (TypeError, ValueError, RecursionError, InvalidField) as error:
        raise ValueError(f"the JSON Schema is not JSON: {error}") from None


def read_schema(filepath: str | pathlib.Path) -> Any:
    """Return the schema in a file.

    Raises:
        ValueError: The file is not JSON.
        OSError: The file cannot be read.
    """
    try:
        return decode_json(pathlib.Path(filepath).read_bytes())
    except InvalidField as error:
        raise ValueError(f"{filepath}: not JSON: {error}") from None


def make_validator(schema: Any, filepath: str | pathlib.Path | None, documents: Documents | None) -> Validator:
    """Make the validator of a schema.

    Args:
        schema: The schema.
        filepath: The file from which it was read.
        documents: Other schemas, by their URIs.

    Raises:
        ValueError: The schema is not valid, or refers to an unknown document.
    """
    given = {uri.removesuffix("#"): copy_schema(document) for uri, document in (documents or {}).items()}
    path = None if filepath is None else pathlib.Path(filepath).resolve()

    def load(uri: str) -> Any:
        if uri in given:
            return given[uri]
        if path is None:
            raise LookupError(uri)
        return _read_beside(path, uri, _own_uri(schema))

    return Validator(schema, uri=ROOT if path is None else path.as_uri(), load=load)


def _own_uri(schema: Any) -> str:
    own = schema.get("$id", schema.get("id", "")) if isinstance(schema, dict) else ""
    return own if isinstance(own, str) else ""


def _read_beside(path: pathlib.Path, uri: str, own: str) -> Any:
    """Read the file that is in the same place relative to `path` as `uri` is relative to the URI of the schema there.

    Raises:
        LookupError: There is no such file in the folder.
    """
    folder = path.parent
    home = urllib.parse.urljoin(urllib.parse.urljoin(path.as_uri(), own), ".")
    if not uri.startswith(home):
        raise LookupError(uri)
    found = (folder / urllib.request.url2pathname(uri.removeprefix(home).partition("?")[0])).resolve()
    if not (found.is_relative_to(folder) and found.is_file()):
        raise LookupError(uri)
    return read_schema(found)
