"""Values as `render_json` sends them, for who sends them by other ways: their bytes, and their entity tags."""

from typing import Any

from ponty.core.encoding.json_encoder import encode_json
from ponty.core.responses.entity_tags import entity_tag


def etag_of(value: object, returns: Any = None) -> str:
    """Return the entity tag that `render_json(etag=True)` sends with a value.

    A handler that changes something compares it with the `If-Match` of the request, so that nobody overwrites what they
    have not seen.

    ::

        assert etag_matches(etag_of({"stock": 3}), etag_of({"stock": 3}))
        assert not etag_matches(etag_of({"stock": 4}), etag_of({"stock": 3}))

    Args:
        value: The value.
        returns: The type that the handler which sends the value declares; None where it declares none.

    Raises:
        TypeError: The value does not encode, or `returns` has no form in JSON.
    """
    return entity_tag(encode_json(value if returns is None else _limited(returns, value, "etag_of")))


def encode_as(returns: Any, value: object) -> bytes:
    """Encode what a type has of a value as JSON, and no more, as `render_json(returns)` does.

    ::

        @dataclasses.dataclass
        class Mug:
            colour: str

        @dataclasses.dataclass
        class OwnMug(Mug):
            owner: str

        assert encode_as(Mug, OwnMug("red", "ann")) == b'{"colour":"red"}'

    Args:
        returns: The type.
        value: The value.

    Raises:
        TypeError: The type has no form in JSON, or the value is of another kind.
    """
    return encode_json(_limited(returns, value, "encode_as"))


def _limited(returns: Any, value: object, name: str) -> object:
    # What compiles a type is loaded only where one is declared: who has these functions at hand need not use them.
    from ponty.core.returned.returned_type import returned_type  # noqa: PLC0415

    return returned_type(returns).limited(value, name, 0)
