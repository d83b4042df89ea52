"""The official JSON-Schema-Test-Suite: five drafts, what is required and all formats.

The source distribution of jsonschema carries it. pip brings that when it is first asked for, and it
is kept beside the tests.
"""

import functools
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile

import pytest

from ponty.request.validation.validator import Validator

VERSION = "4.26.0"
_KEPT = pathlib.Path(__file__).parent.parent / ".cache" / f"jsonschema-{VERSION}"

DRAFTS = {
    "draft4": "http://json-schema.org/draft-04/schema#",
    "draft6": "http://json-schema.org/draft-06/schema#",
    "draft7": "http://json-schema.org/draft-07/schema#",
    "draft2019-09": "https://json-schema.org/draft/2019-09/schema",
    "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
}


@functools.cache
def home():
    """Return the folder of the suite."""
    if not _KEPT.exists():
        _KEPT.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_KEPT.parent) as folder:
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
            source = ["--no-binary", "jsonschema", "--dest", folder, f"jsonschema=={VERSION}"]
            subprocess.run([*pip, *source], check=True)
            (archive,) = pathlib.Path(folder).glob("*.tar.gz")
            unpacked = pathlib.Path(folder, "suite")
            with tarfile.open(archive) as packed:
                for member in packed:
                    _, top, *rest = (*pathlib.PurePosixPath(member.name).parts, "")
                    if member.isfile() and top == "json" and rest[0] in {"tests", "remotes"}:
                        path = unpacked.joinpath(*rest)
                        path.parent.mkdir(parents=True, exist_ok=True)
                        path.write_bytes(packed.extractfile(member).read())
            try:
                unpacked.rename(_KEPT)
            except OSError:
                assert _KEPT.exists()  # another run was faster
    return _KEPT


def cases(draft):
    """Return the groups of tests of a draft: the file, what is tested, the schema, and the values."""
    tests = home() / "tests" / draft
    for path in [*sorted(tests.glob("*.json")), *sorted(tests.glob("optional/format/*.json"))]:
        for group in json.loads(path.read_text()):
            schema = group["schema"]
            named = {"$schema": DRAFTS[draft], **schema} if isinstance(schema, dict) else schema
            yield str(path.relative_to(tests)), group["description"], named, group["tests"]


@functools.cache
def documents():
    """Return the documents that the schemas of the suite refer to, by their URI."""
    remotes = home() / "remotes"
    return {
        f"http://localhost:1234/{path.relative_to(remotes).as_posix()}": json.loads(path.read_text())
        for path in remotes.rglob("*.json")
    }


FORMAT = "format is checked in every draft; draft 2020-12 leaves that to the implementation"
META_SCHEMA = "a meta-schema of one's own is refused at import"

DEVIATIONS = {
    **{
        ("draft2020-12", "format.json", f"{name} format"): FORMAT
        for name in (
            *("date", "date-time", "duration", "email", "hostname", "idn-email", "idn-hostname", "ipv4", "ipv6"),
            *("iri", "iri-reference", "json-pointer", "regex", "relative-json-pointer", "time", "uri"),
            *("uri-reference", "uri-template", "uuid"),
        )
    },
    **{
        (draft, "vocabulary.json", description): META_SCHEMA
        for draft in ("draft2019-09", "draft2020-12")
        for description in (
            "schema that uses custom metaschema with with no validation vocabulary",
            "ignore unrecognized optional vocabulary",
        )
    },
}
"""What the suite would have otherwise, and why it is as it is."""


def verdicts(schema, values, codes):
    """Return what is decided of each value, or that the schema is refused."""
    try:
        validator = Validator(schema, load=documents().__getitem__)
    except ValueError:
        return "refused"
    found = []
    for value in values:
        is_valid = validator.is_valid(value)
        if not is_valid:
            refusal = validator.refusal(value)
            assert refusal is not None, (schema, value)
            assert {violation.code for violation in refusal.violations} <= codes, (schema, value)
        found.append(is_valid)
    return found


@pytest.mark.parametrize("draft", DRAFTS)
def test_the_suite_decides_as_ponty_does_but_for_what_is_listed(draft, fault_codes):
    differing = set()
    count = 0
    for path, description, schema, tests in cases(draft):
        count += len(tests)
        if verdicts(schema, [test["data"] for test in tests], fault_codes) != [test["valid"] for test in tests]:
            differing.add((draft, path, description))
    assert differing == {key for key in DEVIATIONS if key[0] == draft}
    assert count > 700
