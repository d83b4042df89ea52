"""A small pair of documents for each check that two tools for OpenAPI have, and why some have none.

The names of the checks are in `oasdiff.txt` (of oasdiff 1.37, with what it makes of each: ERR and WARN break clients,
INFO does not) and in `openapi_diff.txt` (of openapi-diff 2.1, with whether it fails by default).
"""

import copy
import fnmatch

STRING, INTEGER, NUMBER = {"type": "string"}, {"type": "integer"}, {"type": "number"}
CAT, DOG, COW = (
    {"type": "object", "properties": {"kind": {"const": kind}}, "required": ["kind"]} for kind in ("cat", "dog", "cow")
)


def document(method="post", **operation):
    """Return a document of one operation."""
    operation.setdefault("responses", {"200": {"description": "OK"}})
    return {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {"/mugs": {method: operation}}}


def body(schema, **more):
    return document(requestBody={"required": True, "content": {"application/json": {"schema": schema}}, **more})


def answer(schema, **more):
    content = {"application/json": {"schema": schema}}
    return document(responses={"200": {"description": "OK", "content": content, **more}})


def parameter(schema, **more):
    return document("get", parameters=[{"name": "size", "in": "query", "schema": schema, **more}])


def within(schema):
    return {"type": "object", "properties": {"size": schema}}


def header(schema, **more):
    return document(responses={"200": {"description": "OK", "headers": {"X-Size": {"schema": schema, **more}}}})


PLACES = {
    "request-body": body,
    "request-property": lambda schema: body(within(schema)),
    "request-read-only-property": lambda schema: body(within({**schema, "readOnly": True})),
    "request-parameter": parameter,
    "request-parameter-property": lambda schema: parameter(within(schema), style="deepObject"),
    "response-body": answer,
    "response-property": lambda schema: answer(within(schema)),
    "response-write-only-property": lambda schema: answer(within({**schema, "writeOnly": True})),
    "response-header": header,
}


def bound(keyword, low, high):
    return {keyword: low}, {keyword: high}


UP = {
    "max": ("maximum", INTEGER),
    "min": ("minimum", INTEGER),
    "exclusive-max": ("exclusiveMaximum", INTEGER),
    "exclusive-min": ("exclusiveMinimum", INTEGER),
    "max-length": ("maxLength", STRING),
    "min-length": ("minLength", STRING),
    "max-items": ("maxItems", {"type": "array"}),
    "min-items": ("minItems", {"type": "array"}),
    "max-contains": ("maxContains", {"type": "array", "contains": STRING}),
    "min-contains": ("minContains", {"type": "array", "contains": STRING}),
}
TAGGED = {"oneOf": [CAT, DOG], "discriminator": {"propertyName": "kind"}}
MAPPED = {"oneOf": [CAT, DOG], "discriminator": {"propertyName": "kind", "mapping": {"cat": "#/x"}}}
LISTED = {"type": "array", "prefixItems": [STRING], "items": False}
"""A list of one text at most."""

# What is done to a schema, wherever it stands: before and after.
ADDED = {
    "const": (STRING, {**STRING, "const": "a"}),
    "pattern": (STRING, {**STRING, "pattern": "^a"}),
    "default-value": (STRING, {**STRING, "default": "a"}),
    "enum-value": ({"enum": ["a"]}, {"enum": ["a", "b"]}),
    "all-of": ({"allOf": [within(STRING)]}, {"allOf": [within(STRING), {"required": ["colour"]}]}),
    "all-of-{}-annotation-only": ({"allOf": [within(STRING)]}, {"allOf": [within(STRING), {"description": "A mug"}]}),
    "any-of": ({"anyOf": [CAT, DOG]}, {"anyOf": [CAT, DOG, COW]}),
    "one-of": ({"oneOf": [CAT, DOG]}, {"oneOf": [CAT, DOG, COW]}),
    "discriminator": ({"oneOf": [CAT, DOG]}, TAGGED),
    "prefix-items": (LISTED, {**LISTED, "prefixItems": [STRING, INTEGER]}),
    "if": ({}, {"if": {"required": ["a"]}, "then": {"required": ["b"]}}),
    "then": ({"if": {"required": ["a"]}}, {"if": {"required": ["a"]}, "then": {"required": ["b"]}}),
    "else": ({"if": {"required": ["a"]}}, {"if": {"required": ["a"]}, "else": {"required": ["b"]}}),
    "contains": ({"type": "array"}, {"type": "array", "contains": STRING}),
    "dependent-required": ({}, {"dependentRequired": {"a": ["b"]}}),
    "dependent-schema": ({}, {"dependentSchemas": {"a": {"required": ["b"]}}}),
    "pattern-property": ({"type": "object"}, {"type": "object", "patternProperties": {"^a": STRING}}),
    "property-names": ({"type": "object"}, {"type": "object", "propertyNames": {"maxLength": 3}}),
    "unevaluated-items": ({"type": "array"}, {"type": "array", "unevaluatedItems": False}),
    "unevaluated-properties": (within(STRING), {**within(STRING), "unevaluatedProperties": False}),
    "content-schema": (STRING, {**STRING, "contentSchema": within(STRING)}),
    "deprecated": (STRING, {**STRING, "deprecated": True}),
}
CHANGED = {
    "const-changed": ({"const": "a"}, {"const": "b"}),
    "pattern-changed": ({**STRING, "pattern": "^a"}, {**STRING, "pattern": "^b"}),
    "pattern-generalized": ({**STRING, "pattern": "^a"}, {**STRING, "pattern": ".*"}),
    "default-value-changed": ({**STRING, "default": "a"}, {**STRING, "default": "b"}),
    "became-enum": (STRING, {**STRING, "enum": ["a"]}),
    "became-nullable": (STRING, {"type": ["string", "null"]}),
    "became-not-nullable": ({"type": ["string", "null"]}, STRING),
    "type-changed": ({**STRING, "format": "date"}, {"type": "object"}),
    "type-generalized": (INTEGER, NUMBER),
    "type-specialized": (NUMBER, INTEGER),
    "list-of-types-widened": ({"type": ["string", "null"]}, {"type": ["string", "null", "object"]}),
    "list-of-types-narrowed": ({"type": ["string", "null", "object"]}, {"type": ["string", "null"]}),
    "dependent-required-changed": ({"dependentRequired": {"a": ["b"]}}, {"dependentRequired": {"a": ["c"]}}),
    "content-media-type-changed": (
        {**STRING, "contentMediaType": "text/html"},
        {**STRING, "contentMediaType": "text/csv"},
    ),
    "content-encoding-changed": ({**STRING, "contentEncoding": "base64"}, {**STRING, "contentEncoding": "base32"}),
    "discriminator-property-name-changed": (TAGGED, {**TAGGED, "discriminator": {"propertyName": "sort"}}),
    "discriminator-mapping-added": (TAGGED, MAPPED),
    "discriminator-mapping-deleted": (MAPPED, TAGGED),
    "discriminator-mapping-changed": (
        MAPPED,
        {**MAPPED, "discriminator": {"propertyName": "kind", "mapping": {"cat": "#/y"}}},
    ),
    "wrapped-in-one-of": (CAT, {"oneOf": [DOG, COW]}),
    "reactivated": ({**STRING, "deprecated": True}, STRING),
}


def schema_change(suffix):
    """Return what a check of a schema is about, before and after; None where it is no such check."""
    if suffix in CHANGED:
        return CHANGED[suffix]
    for what, (without, having) in ADDED.items():
        form = what if "{}" in what else f"{what}-{{}}"
        names = [form.replace("{}", end) for end in ("added", "removed", "deleted")]
        if suffix == names[0] or suffix == what:
            return without, having
        if suffix in names[1:]:
            return having, without
    for name, (keyword, base) in UP.items():
        without, low, high = base, {**base, keyword: 2}, {**base, keyword: 3}
        pairs = {"increased": (low, high), "decreased": (high, low), "set": (without, low), "unset": (low, without)}
        for end, pair in pairs.items():
            if suffix == f"{name}-{end}":
                return pair
    return None


def required(schema):
    return {**schema, "required": ["size"]}


ONE = within(STRING)
"""An object with a property that may be missing."""
NONE = {"type": "object", "properties": {}}
CERTAIN = required(ONE)
READ_ONLY, WRITE_ONLY = within({**STRING, "readOnly": True}), within({**STRING, "writeOnly": True})
WITH_DEFAULT = within({**STRING, "default": "a"})

REQUESTS = {
    "request-property-became-required": (ONE, CERTAIN),
    "request-property-became-required-with-default": (WITH_DEFAULT, required(WITH_DEFAULT)),
    "request-property-became-optional": (CERTAIN, ONE),
    "request-property-removed": ({**ONE, "additionalProperties": False}, {**NONE, "additionalProperties": False}),
    "new-required-request-property": (NONE, CERTAIN),
    "new-required-request-property-with-default": (NONE, required(WITH_DEFAULT)),
    "new-optional-request-property": (
        {**NONE, "additionalProperties": False},
        {**ONE, "additionalProperties": False},
    ),
    **{
        f"request-{how}-property-became-{'not-' if back else ''}{mark}-only": pair
        for how, made in (("optional", ONE), ("required", CERTAIN))
        for mark, keyword in (("read", "readOnly"), ("write", "writeOnly"))
        for back in (False, True)
        for marked in [{**made, "properties": {"size": {**STRING, keyword: True}}}]
        for pair in [(marked, made) if back else (made, marked)]
    },
}
ANSWERS = {
    "response-property-became-required": (ONE, CERTAIN),
    "response-property-became-optional": (CERTAIN, ONE),
    "response-write-only-property-became-required": (WRITE_ONLY, required(WRITE_ONLY)),
    "response-write-only-property-became-optional": (required(WRITE_ONLY), WRITE_ONLY),
    "response-optional-property-added": (NONE, ONE),
    "response-optional-property-removed": (ONE, NONE),
    "response-required-property-added": (NONE, CERTAIN),
    "response-required-property-removed": (CERTAIN, NONE),
    "response-optional-write-only-property-added": (NONE, WRITE_ONLY),
    "response-optional-write-only-property-removed": (WRITE_ONLY, NONE),
    "response-required-write-only-property-added": (NONE, required(WRITE_ONLY)),
    "response-required-write-only-property-removed": (required(WRITE_ONLY), NONE),
    **{
        f"response-{how}-property-became-{'not-' if back else ''}{mark}-only": pair
        for how, made in (("optional", ONE), ("required", CERTAIN))
        for mark, keyword in (("read", "readOnly"), ("write", "writeOnly"))
        for back in (False, True)
        for marked in [{**made, "properties": {"size": {**STRING, keyword: True}}}]
        for pair in [(marked, made) if back else (made, marked)]
    },
}


def secured(*requirements, schemes=None, everywhere=False):
    made = document()
    place = made if everywhere else made["paths"]["/mugs"]["post"]
    place["security"] = list(requirements)
    made["components"] = {"securitySchemes": schemes or SCHEMES}
    return made


def oauth(**flow):
    flows = {"authorizationCode": {"authorizationUrl": "/a", "tokenUrl": "/t", "scopes": {}, **flow}}
    return {**SCHEMES, "oauth": {"type": "oauth2", "flows": flows}}


SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic"},
    "oauth": {
        "type": "oauth2",
        "flows": {"authorizationCode": {"authorizationUrl": "/a", "tokenUrl": "/t", "scopes": {}}},
    },
}
BEARER, BASIC, OAUTH = {"bearer": []}, {"basic": []}, {"oauth": []}


def deprecated(made, **more):
    made = copy.deepcopy(made)
    made["paths"]["/mugs"]["post"].update(deprecated=True, **more)
    return made


def no_paths():
    return {**document(), "paths": {}}


def content(*media_types, schema=STRING):
    made = {"required": True, "content": {each: {"schema": schema} for each in media_types}}
    return document(requestBody=made)


def sending(*media_types, schema=STRING):
    made = {"description": "OK", "content": {each: {"schema": schema} for each in media_types}}
    return document(responses={"200": made})


def statuses(*names):
    return document(responses={name: {"description": "OK"} for name in names})


def hooked(*names):
    made = document()
    made["webhooks"] = {name: {"post": {"responses": {"200": {"description": "OK"}}}} for name in names}
    return made


def two_paths(shared=None):
    made = document("get")
    made["paths"]["/mugs"]["put"] = {"responses": {"200": {"description": "OK"}}}
    if shared is not None:
        made["paths"]["/mugs"]["parameters"] = [shared]
    return made


def in_path(path, *names):
    parameters = [{"name": name, "in": "path", "required": True, "schema": STRING} for name in names]
    made = document("get", parameters=parameters)
    made["paths"] = {path: made["paths"]["/mugs"]}
    return made


QUERY = {"name": "size", "in": "query", "schema": STRING}
NEEDED = {**QUERY, "required": True}
IN_HEADER = {"name": "X-Mug", "in": "header", "style": "simple"}


def object_header(schema):
    return document("get", parameters=[{**IN_HEADER, "schema": schema}])


def parameters(*given, **more):
    return document("get", parameters=[*given], **more)


def untyped(made):
    made = copy.deepcopy(made)
    operation = made["paths"]["/mugs"]["post"]
    holder = operation["requestBody"] if "requestBody" in operation else operation["responses"]["200"]
    for each in holder["content"].values():
        del each["schema"]
    return made


def named(**names):
    return document(**names)


WHOLE = {
    "endpoint-added": (no_paths(), document()),
    "api-path-removed-without-deprecation": (document(), no_paths()),
    "api-removed-without-deprecation": (two_paths(), document("get")),
    "api-path-removed-with-deprecation": (deprecated(document()), no_paths()),
    "api-removed-with-deprecation": (deprecated(document()), no_paths()),
    "endpoint-deprecated": (document(), deprecated(document())),
    "endpoint-deprecated-with-sunset": (document(), deprecated(document(), **{"x-sunset": "2100-01-01"})),
    "endpoint-reactivated": (deprecated(document()), document()),
    "api-operation-id-added": (named(), named(operationId="a")),
    "api-operation-id-removed": (named(operationId="a"), named()),
    "api-tag-added": (named(), named(tags=["a"])),
    "api-tag-removed": (named(tags=["a"]), named()),
    "api-schema-removed": ({**document(), "components": {"schemas": {"Mug": ONE}}}, document()),
    "webhook-added": (hooked(), hooked("a")),
    "webhook-removed": (hooked("a"), hooked()),
    "request-body-added-required": (document(), body(ONE)),
    "request-body-added-optional": (document(), body(ONE, required=False)),
    "request-body-removed": (body(ONE), document()),
    "request-body-became-required": (body(ONE, required=False), body(ONE)),
    "request-body-became-optional": (body(ONE), body(ONE, required=False)),
    "request-body-media-type-added": (content("text/plain"), content("text/plain", "text/csv")),
    "request-body-media-type-removed": (content("text/plain", "text/csv"), content("text/plain")),
    "request-body-media-type-schema-added": (untyped(body(ONE)), body(ONE)),
    "request-body-media-type-schema-removed": (body(ONE), untyped(body(ONE))),
    "response-body-media-type-schema-added": (untyped(answer(ONE)), answer(ONE)),
    "response-body-media-type-schema-removed": (answer(ONE), untyped(answer(ONE))),
    "response-media-type-added": (sending("text/plain"), sending("text/plain", "text/csv")),
    "response-media-type-removed": (sending("text/plain", "text/csv"), sending("text/plain")),
    "response-media-type-name-generalized": (sending("text/csv"), sending("text/*")),
    "response-media-type-name-specialized": (sending("text/*"), sending("text/csv")),
    "response-media-type-name-changed": (
        sending("application/json;charset=utf-8"),
        sending("application/json; charset=UTF-8"),
    ),
    "new-required-request-default-parameter-to-existing-path": (two_paths(), two_paths(NEEDED)),
    "new-optional-request-default-parameter-to-existing-path": (two_paths(), two_paths(QUERY)),
    "new-required-request-parameter": (parameters(), parameters(NEEDED)),
    "new-optional-request-parameter": (parameters(), parameters(QUERY)),
    "new-request-path-parameter": (in_path("/mugs", *()), in_path("/mugs/{id}", "id")),
    "request-parameter-removed": (parameters(QUERY), parameters()),
    "request-parameter-removed-with-deprecation": (parameters({**QUERY, "deprecated": True}), parameters()),
    "request-parameter-became-required": (parameters(QUERY), parameters(NEEDED)),
    "request-parameter-became-optional": (parameters(NEEDED), parameters(QUERY)),
    "request-parameter-deprecated": (parameters(QUERY), parameters({**QUERY, "deprecated": True})),
    "request-parameter-reactivated": (parameters({**QUERY, "deprecated": True}), parameters(QUERY)),
    "new-required-request-header-property": (object_header(NONE), object_header(CERTAIN)),
    "request-header-property-became-required": (object_header(ONE), object_header(CERTAIN)),
    "request-header-property-became-enum": (object_header(ONE), object_header(within({"enum": ["a"]}))),
    "response-header-added": (document(), header(STRING)),
    "optional-response-header-removed": (header(STRING), document()),
    "required-response-header-removed": (header(STRING, required=True), document()),
    "response-header-became-optional": (header(STRING, required=True), header(STRING)),
    "response-header-type-compatible": (header(STRING), header(INTEGER)),
    "response-success-status-added": (statuses("200"), statuses("200", "201")),
    "response-success-status-removed": (statuses("200", "201"), statuses("200")),
    "response-non-success-status-added": (statuses("200"), statuses("200", "404")),
    "response-non-success-status-removed": (statuses("200", "404"), statuses("200")),
    "response-mediatype-enum-value-removed": (answer({"enum": ["a", "b"]}), answer({"enum": ["a"]})),
    "api-security-added": (secured(BEARER), secured(BEARER, BASIC)),
    "api-security-removed": (secured(BEARER, BASIC), secured(BEARER)),
    "api-global-security-added": (secured(BEARER, everywhere=True), secured(BEARER, BASIC, everywhere=True)),
    "api-global-security-removed": (secured(BEARER, BASIC, everywhere=True), secured(BEARER, everywhere=True)),
    "api-security-scope-added": (secured({"oauth": ["a"]}), secured({"oauth": ["a", "b"]})),
    "api-security-scope-removed": (secured({"oauth": ["a", "b"]}), secured({"oauth": ["a"]})),
    "api-global-security-scope-added": (
        secured({"oauth": ["a"]}, everywhere=True),
        secured({"oauth": ["a", "b"]}, everywhere=True),
    ),
    "api-global-security-scope-removed": (
        secured({"oauth": ["a", "b"]}, everywhere=True),
        secured({"oauth": ["a"]}, everywhere=True),
    ),
    "api-security-component-added": (secured(BEARER, schemes={"bearer": SCHEMES["bearer"]}), secured(BEARER)),
    "api-security-component-removed": (secured(BEARER), secured(BEARER, schemes={"bearer": SCHEMES["bearer"]})),
    "api-security-component-type-changed": (
        secured(BEARER),
        secured(BEARER, schemes={"bearer": {"type": "apiKey", "in": "header", "name": "X-Key"}}),
    ),
    "api-security-component-oauth-url-changed": (
        secured(OAUTH),
        secured(OAUTH, schemes=oauth(authorizationUrl="/elsewhere")),
    ),
    "api-security-component-oauth-token-url-changed": (
        secured(OAUTH),
        secured(OAUTH, schemes=oauth(tokenUrl="/elsewhere")),
    ),
    "api-security-component-oauth-scope-added": (secured(OAUTH), secured(OAUTH, schemes=oauth(scopes={"a": "A"}))),
    "api-security-component-oauth-scope-removed": (secured(OAUTH, schemes=oauth(scopes={"a": "A"})), secured(OAUTH)),
    "api-security-component-oauth-scope-changed": (
        secured(OAUTH, schemes=oauth(scopes={"a": "A"})),
        secured(OAUTH, schemes=oauth(scopes={"a": "B"})),
    ),
}

INAPPLICABLE = {
    "It is about the date of a sunset in an extension, x-sunset; dates are no contract of values": [
        "*sunset*",
    ],
    "It is about levels of stability in an extension, x-stability-level": ["*stability*"],
    "It is about the number of the version, which is the author's to choose": ["api-*version-*"],
    "It is about an extension, x-extensible-enum": ["*x-extensible-enum*"],
    "It is about bodies without types, as XML has them; Ponty's are JSON or text": [
        "*-body-type-compatible",
        "*-property-type-compatible",
    ],
}
"""The checks that do not apply, by why; endpoint-deprecated-with-sunset applies nevertheless."""

DIFFERENT = {
    "What was deprecated is gone all the same: a client that still asks gets an error": [
        "api-path-removed-with-deprecation",
        "api-removed-with-deprecation",
        "request-parameter-removed-with-deprecation",
    ],
    "Who could ask by it no longer can, or not with the scopes that there were": [
        "api-security-removed",
        "api-global-security-removed",
        "api-security-scope-added",
        "api-global-security-scope-added",
        "api-security-component-type-changed",
        "api-security-component-oauth-url-changed",
        "api-security-component-oauth-token-url-changed",
        "api-security-component-oauth-scope-*",
    ],
    "A client that knows 200 alone does not know what 201 means": ["response-success-status-added"],
    "A client reads the tag where it was, and by the tags that there were": [
        "*-discriminator-property-name-changed",
        "*-discriminator-mapping-changed",
        "response-*-discriminator-mapping-added",
        "request-*-discriminator-mapping-deleted",
    ],
    "Another alternative is one that clients do not read": ["response-*-any-of-added"],
    "Less is promised of what is sent, so that it may be what no client reads": [
        "response-property-pattern-changed",
        "response-property-pattern-removed",
        "response-*-all-of-removed",
    ],
    "Clients pass over what was optional, and is gone": [
        "response-optional-property-removed",
        "optional-response-header-removed",
    ],
    "Values are held to less in allOf, so that each that was taken is taken": ["request-*-all-of-removed"],
    "A client that sends it has it ignored, or refused": ["request-*-property-became-read-only"],
    "A client that reads it no longer gets it": [
        "response-*-property-became-write-only",
        "response-required-write-only-property-removed",
        "response-write-only-property-became-optional",
        "response-write-only-property-enum-value-added",
    ],
    "It is sent now, which clients pass over, or read": ["response-required-property-became-not-write-only"],
    "readOnly holds a value to nothing: a program that takes one is stricter with it now": [
        "request-read-only-property-*",
    ],
}
"""The checks of oasdiff of which it says another thing than Ponty, by why."""


def reason(table, name):
    """Return why a check is in a table; an empty text where it is not."""
    return next((why for why, names in table.items() if any(fnmatch.fnmatch(name, each) for each in names)), "")


def pair(name):
    """Return the two documents of a check of oasdiff's; None where there are none."""
    if name in WHOLE:
        return WHOLE[name]
    for table, make in ((REQUESTS, body), (ANSWERS, answer)):
        if name in table:
            return tuple(map(make, table[name]))
    for place in sorted(PLACES, key=len, reverse=True):
        if name.startswith(f"{place}-") and (change := schema_change(name.removeprefix(f"{place}-"))):
            return tuple(map(PLACES[place], change))
    return None


def styled(**more):
    return parameters({**QUERY, **more})


def schemed(**more):
    return secured({"one": []}, schemes={"one": {"type": "http", "scheme": "bearer", **more}})


def flowing(**urls):
    return secured(OAUTH, schemes=oauth(**urls))


OPENAPI_DIFF = {
    "incompatible.openapi.endpoints.decreased": WHOLE["api-removed-without-deprecation"],
    "incompatible.operation.id.changed": (named(operationId="a"), named(operationId="b")),
    "incompatible.request.body.increased": WHOLE["request-body-added-required"],
    "incompatible.request.content.decreased": WHOLE["request-body-media-type-removed"],
    "incompatible.request.enum.decreased": pair("request-property-enum-value-removed"),
    "incompatible.request.max.length.decreased": pair("request-property-max-length-decreased"),
    "incompatible.request.min.length.increased": pair("request-property-min-length-increased"),
    "incompatible.request.numeric.range.decreased": pair("request-property-max-decreased"),
    "incompatible.request.oneof.decreased": pair("request-body-one-of-removed"),
    "incompatible.request.param.allowempty.decreased": (styled(allowEmptyValue=True), styled()),
    "incompatible.request.param.explode.changed": (styled(explode=True), styled(explode=False)),
    "incompatible.request.param.style.changed": (styled(style="form"), styled(style="pipeDelimited")),
    "incompatible.request.params.decreased": WHOLE["request-parameter-removed"],
    "incompatible.request.params.required.increased": WHOLE["request-parameter-became-required"],
    "incompatible.request.readonly.increased": pair("request-optional-property-became-read-only"),
    "incompatible.request.readonly.required.decreased": (body(required(READ_ONLY)), body(CERTAIN)),
    "incompatible.request.required.increased": pair("request-property-became-required"),
    "incompatible.response.content.decreased": WHOLE["response-media-type-removed"],
    "incompatible.response.enum.increased": pair("response-property-enum-value-added"),
    "incompatible.response.header.explode.changed": (header(NONE, explode=True), header(NONE)),
    "incompatible.response.header.required.decreased": WHOLE["response-header-became-optional"],
    "incompatible.response.header.required.increased": (header(STRING), header(STRING, required=True)),
    "incompatible.response.headers.decreased": WHOLE["required-response-header-removed"],
    "incompatible.response.max.length.increased": pair("response-property-max-length-increased"),
    "incompatible.response.min.length.increased": (
        answer(within({**STRING, "minLength": 1})),
        answer(within({**STRING, "minLength": 2})),
    ),
    "incompatible.response.numeric.range.increased": pair("response-property-max-increased"),
    "incompatible.response.oneof.increased": pair("response-body-one-of-added"),
    "incompatible.response.required.decreased": pair("response-property-became-optional"),
    "incompatible.response.responses.decreased": WHOLE["response-success-status-removed"],
    "incompatible.response.writeonly.increased": pair("response-required-property-became-write-only"),
    "incompatible.response.writeonly.required.decreased": (answer(required(WRITE_ONLY)), answer(CERTAIN)),
    "incompatible.schema.discriminator.changed": pair("request-body-discriminator-property-name-changed"),
    "incompatible.schema.max-properties.changed": (body({"maxProperties": 3}), body({"maxProperties": 2})),
    "incompatible.schema.min-properties.changed": (body({"minProperties": 1}), body({"minProperties": 2})),
    "incompatible.schema.pattern.changed": pair("request-property-pattern-changed"),
    "incompatible.schema.type.changed": pair("request-property-type-changed"),
    "incompatible.security.requirement.schemes.increased": (secured(BEARER), secured({**BEARER, **BASIC})),
    "incompatible.security.requirements.decreased": WHOLE["api-security-removed"],
    "incompatible.security.scheme.bearer.format.changed": (schemed(bearerFormat="a"), schemed(bearerFormat="b")),
    "incompatible.security.scheme.oauth2.auth.url.changed": WHOLE["api-security-component-oauth-url-changed"],
    "incompatible.security.scheme.oauth2.refresh.url.changed": (flowing(refreshUrl="/r"), flowing(refreshUrl="/s")),
    "incompatible.security.scheme.oauth2.token.url.changed": WHOLE["api-security-component-oauth-token-url-changed"],
    "incompatible.security.scheme.openidconnect.url.changed": (
        secured({"one": []}, schemes={"one": {"type": "openIdConnect", "openIdConnectUrl": "/a"}}),
        secured({"one": []}, schemes={"one": {"type": "openIdConnect", "openIdConnectUrl": "/b"}}),
    ),
    "incompatible.security.scheme.scheme.changed": (schemed(), schemed(scheme="basic")),
    "incompatible.security.scheme.scopes.increased": WHOLE["api-security-scope-added"],
}

OPENAPI_DIFF_INAPPLICABLE = {
    "It is about extensions, whose meaning nobody knows here": ["incompatible.extension.*"],
}

OPENAPI_DIFF_DIFFERENT = {
    "What is least in a text that is taken is a bound like any other": ["incompatible.request.min.length.increased"],
    "What was sent may be out of its bounds now": ["incompatible.response.numeric.range.increased"],
    "A header that was there at times is there always": ["incompatible.response.header.required.increased"],
    "It is read or sent like any other now, and was required": [
        "incompatible.request.readonly.required.decreased",
        "incompatible.response.writeonly.required.decreased",
    ],
}
