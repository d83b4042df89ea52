"""Bytes and entity tags of values as `render_json` sends them, for programs that send them in other ways."""

from typing import Any

from ponty.core.encoding.json_encoder import encode_json
from ponty.core.responses.entity_tags import entity_tag


def etag_of(value: object, returns: Any = None) -> str:
    """Return the entity tag that `render_json(etag=True)` sends with a value.

    Use it in a handler that changes something: compare it with the `If-Match` of the request, so that a client cannot
    overwrite a version that it has not seen.

    ::

        assert etag_matches(etag_of({"stock": 3}), etag_of({"stock": 3}))
        assert not etag_matches(etag_of({"stock": 4}), etag_of({"stock": 3}))

    Args:
        value: The value.
        returns: The type that `render_json` has for the handler that sends the value; None if it has none.

    Raises:
        TypeError: The value cannot be encoded, or `returns` has no form in JSON.
    """
    return entity_tag(encode_json(value if returns is None else _limited(returns, value, "etag_of")))


def encode_as(returns: Any, value: object) -> bytes:
    """Encode the part of a value that a type declares as JSON, as `render_json(returns)` does.

    Use it to send a value in another way, such as a websocket or a queue, without members that the type does not have.

    ::

        @dataclasses.dataclass
        class Mug:
            colour: str

        @dataclasses.dataclass
        class OwnMug(Mug):
            owner: str

        assert encode_as(Mug, OwnMug("red", "ann")) == b'{"colour":"red"}'

    Args:
        returns: The type. Members that it does not declare are not encoded, at any depth.
        value: The value.

    Raises:
        TypeError: The type has no form in JSON, or the value is of another kind.
    """
    return encode_json(_limited(returns, value, "encode_as"))


def _limited(returns: Any, value: object, name: str) -> object:
    # The compiler of types is only imported when it is used.
    from ponty.core.returned.returned_type import returned_type  # noqa: PLC0415

    return returned_type(returns).limited(value, name, 0)
