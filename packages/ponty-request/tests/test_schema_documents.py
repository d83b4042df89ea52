"""A schema may refer to other documents, which the program gives; nothing is fetched."""

import json

import pytest

from ponty.request import ParsedJsonBody, ValidatedJsonBody
from ponty.request.errors import InvalidField
from ponty.request.validation.validator import Validator

COLOUR = {"enum": ["red", "blue"]}


def faults(field, value):
    try:
        field._check(value)
    except InvalidField as invalid:
        return [each[:2] for each in invalid.violations]
    return []


@pytest.mark.parametrize(
    ("reference", "documents"),
    [
        ("https://example.com/colour.json", {"https://example.com/colour.json": COLOUR}),
        ("https://example.com/colour.json#", {"https://example.com/colour.json#": COLOUR}),
        ("https://example.com/all.json#/$defs/colour", {"https://example.com/all.json": {"$defs": {"colour": COLOUR}}}),
        ("https://example.com/all#c", {"https://example.com/all": {"$defs": {"c": {"$anchor": "c", **COLOUR}}}}),
        ("urn:example:colour", {"urn:example:colour": COLOUR}),
        (
            "https://example.com/a/first.json",
            {
                "https://example.com/a/first.json": {"$ref": "second.json"},
                "https://example.com/a/second.json": {
                    "$schema": "http://json-schema.org/draft-07/schema#",
                    "$ref": "#/definitions/colour",
                    "definitions": {"colour": COLOUR},
                },
            },
        ),
    ],
)
def test_a_document_that_is_given_may_be_referred_to(reference, documents):
    field = ValidatedJsonBody(schema={"properties": {"c": {"$ref": reference}}}, documents=documents)
    assert faults(field, {"c": "red"}) == []
    assert faults(field, {"c": "green"}) == [("/c", "is not one of 'red', 'blue'")]


def test_what_is_not_given_is_refused_at_import_by_a_message_that_says_what_to_write():
    with pytest.raises(ValueError, match=r"documents=\{'https://example.com/a.json': schema\}"):
        ValidatedJsonBody(schema={"$ref": "https://example.com/a.json"})


@pytest.mark.parametrize("own", [{}, {"$id": "https://example.com/schemas/root.json"}])
@pytest.mark.parametrize("reference", ["colour.json", "./colour.json", "more/colour.json", "more/colour.json#/$defs/c"])
def test_a_file_refers_to_other_files_of_its_folder(tmp_path, own, reference):
    (tmp_path / "more").mkdir()
    (tmp_path / "colour.json").write_text(json.dumps(COLOUR))
    (tmp_path / "more" / "colour.json").write_text(json.dumps({**COLOUR, "$defs": {"c": COLOUR}}))
    root = tmp_path / "root.json"
    root.write_text(json.dumps({**own, "properties": {"c": {"$ref": reference}}}))
    field = ValidatedJsonBody(filepath=root)
    assert faults(field, {"c": "red"}) == []
    assert faults(field, {"c": "green"}) == [("/c", "is not one of 'red', 'blue'")]
    read = ParsedJsonBody(dict[str, str], filepath=root).read
    assert read(b'{"c": "red"}') == {"c": "red"}
    with pytest.raises(InvalidField, match="is not one of"):
        read(b'{"c": "green"}')


@pytest.mark.parametrize("reference", ["../secret.json", "/etc/hostname", "file:///etc/hostname", "missing.json"])
def test_a_file_refers_to_nothing_outside_its_folder(tmp_path, reference):
    (tmp_path / "in").mkdir()
    (tmp_path / "secret.json").write_text("true")
    root = tmp_path / "in" / "root.json"
    root.write_text(json.dumps({"$ref": reference}))
    with pytest.raises(ValueError, match="leads to an unknown document"):
        ValidatedJsonBody(filepath=root)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "secret.json").write_text("true")
    (tmp_path / "in" / "link.json").symlink_to(tmp_path / "secret.json")
    (tmp_path / "in" / "root.json").write_text('{"$ref": "link.json"}')
    with pytest.raises(ValueError, match="leads to an unknown document"):
        ValidatedJsonBody(filepath=tmp_path / "in" / "root.json")


def test_documents_without_a_file_are_refused_for_a_type():
    with pytest.raises(ValueError, match="so give filepath"):
        ParsedJsonBody(int, documents={})


@pytest.mark.parametrize(
    "uri",
    [
        "http://json-schema.org/draft-04/schema#",
        "http://json-schema.org/draft-06/schema#",
        "http://json-schema.org/draft-07/schema#",
        "http://json-schema.org/draft-07/schema",
        "https://json-schema.org/draft/2019-09/schema",
        "https://json-schema.org/draft/2020-12/schema",
        "https://json-schema.org/draft/2020-12/meta/validation",
    ],
)
def test_the_meta_schema_of_a_dialect_is_known_without_a_network(uri):
    field = ValidatedJsonBody(schema={"properties": {"schema": {"$ref": uri}}})
    assert faults(field, {"schema": {"minLength": 1}}) == []
    assert faults(field, {"schema": {"minLength": "1"}}) != []


NAMES = ["Foo<string>", "a b", "(A|B)[]", "größe", "a%20b", "a/b", "a~b", 'Partial<Record<"x",y>>', "{x}", "^", "\\"]
NAMES += ["🦄", "100%", "`", "a#b"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize(
    "dialect", ["http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2020-12/schema"]
)
def test_a_definition_may_have_any_name(name, encoded, dialect):
    from urllib.parse import quote

    token = name.replace("~", "~0").replace("/", "~1")
    reference = f"#/definitions/{quote(token) if encoded or '%20' in name else token}"
    schema = {"$schema": dialect, "properties": {"a": {"$ref": reference}}, "definitions": {name: COLOUR}}
    field = ValidatedJsonBody(schema=schema)
    assert faults(field, {"a": "red"}) == []
    assert faults(field, {"a": 1}) == [("/a", "is not one of 'red', 'blue'")]


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("end", ["", "#"])
@pytest.mark.parametrize(
    ("path", "refused"),
    [
        ("json-schema.org/draft-04/schema", {"a": 1}),
        ("json-schema.org/draft-06/schema", {"a": 1}),
        ("json-schema.org/draft-07/schema", {"a": 1}),
        ("json-schema.org/draft/2019-09/schema", {}),
        ("json-schema.org/draft/2020-12/schema", {}),
    ],
)
def test_a_dialect_is_known_by_each_way_of_writing_it(scheme, end, path, refused):
    """`dependencies` is a keyword of the older ones, and `dependentRequired` of the newer."""
    old = {"dependencies": {"a": ["b"]}}
    new = {"dependentRequired": {"c": ["d"]}}
    validator = Validator({"$schema": f"{scheme}://{path}{end}", **old, **new})
    assert validator.is_valid({"a": 1}) is not bool(refused)
    assert validator.is_valid({"c": 1}) is bool(refused)


@pytest.mark.parametrize("draft", ["04", "06", "07"])
def test_up_to_draft_7_what_stands_beside_a_reference_is_ignored(draft):
    dialect = {"$schema": f"http://json-schema.org/draft-{draft}/schema#"}
    beside = {"$ref": "#/definitions/a", "allOf": [{"$ref": "#"}], "type": "null", "minimum": 9}
    validator = Validator({**dialect, **beside, "definitions": {"a": {"type": "string"}}})
    assert validator.is_valid("x")
    assert [each[:2] for each in validator.refusal(3).violations] == [("", "is not of type 'string'")]


@pytest.mark.parametrize(
    ("dependencies", "value", "expected"),
    [
        ({"a": ["b", "c"]}, {"a": 1, "c": 1}, [("/b", "is required beside 'a'")]),
        ({"a": {"properties": {"b": {"type": "null"}}}}, {"a": 1, "b": 1}, [("/b", "is not of type 'null'")]),
        (
            {"a": ["b"], "c": {"required": ["d"]}},
            {"a": 1, "c": 1},
            [("/b", "is required beside 'a'"), ("/d", "is required")],
        ),
    ],
)
def test_dependencies_name_what_is_missing(dependencies, value, expected):
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", "dependencies": dependencies}
    assert faults(ValidatedJsonBody(schema=schema), value) == expected
