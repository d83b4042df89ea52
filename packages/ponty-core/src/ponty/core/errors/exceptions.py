"""The exceptions that a program raises to answer with an error.

::

    Exception
    ├── PontyError               500, or the `status_code` of a subclass
    │   ├── DoesNotExist         404
    │   └── ValidationError      400
    └── aiohttp.web.HTTPException
        └── (one for each status)  raised by `raise_status`

`ponty.core.errors.error_answers` makes answers from them.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TypedDict, Unpack

from aiohttp.typedefs import LooseHeaders

from ponty.core.errors.faults import Fault, Found, FoundFaults, Location
from ponty.core.responses.statuses import title


class ErrorOptions(TypedDict, total=False):
    """The options of `PontyError` that are passed on to the answer."""

    headers: LooseHeaders | None
    reason: str | None
    content_type: str | None


class PontyError(Exception):
    """An error that answers the current request; raise it in a handler, or in any function that it calls.

    Subclass it to give your own errors a status, and a type by which clients recognize them. Without `text` and `body`,
    the answer is a problem document (RFC 9457). With one of them, that is sent as given.

    ::

        class SoldOut(PontyError):
            status_code = 410
            type = "https://mugs.example/problems/sold-out"
            title = "This mug is sold out"

        def take(stock: int) -> None:
            if not stock:
                raise SoldOut(detail="the last one went an hour ago", members={"restocked": "2026-03-01"})

    Args:
        text: The body of the answer, sent as text/plain.
        body: The body of the answer, sent as JSON.
        detail: What went wrong this time, in words for people; `detail` of the problem document.
        instance: A URI reference that identifies this one occurrence; `instance` of the problem document.
        members: Further members of the problem document, for programs (RFC 9457 §3.2).
        faults: What is wrong with the request; the problem document lists them as `errors`.
        **options: `headers`, `reason` and `content_type` of the answer.

    Raises:
        ValueError: `text` and `body` are both given, or one of them together with `detail`, `instance` or `members`; or
            `members` has a name that every problem document defines, such as `status`.
    """

    status_code: int = 500
    """The HTTP status of the answer, 200 to 599."""

    type: str = "about:blank"
    """The kind of problem, as a URI reference, best an absolute one that leads to a page about it (RFC 9457 §3.1.1).
    The default says no more than the status."""

    title: str = ""
    """The kind of problem in words, the same each time. If it is empty, the name of the status is used."""

    # The values that most errors have, so that code which makes many errors need not set them.
    text: str | None = None
    body: object = None
    detail: str | None = None
    instance: str | None = None
    __ponty_refuses__: bool = False

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        if not isinstance(cls.type, str) or not _URI_REFERENCE.fullmatch(cls.type):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ValueError(f"{cls.__qualname__}.type must be a URI reference (RFC 3986), not {cls.type!r}")

    def __init__(
        self,
        *,
        text: str | None = None,
        body: object = None,
        detail: str | None = None,
        instance: str | None = None,
        members: Mapping[str, object] | None = None,
        faults: Sequence[Fault] = (),
        **options: Unpack[ErrorOptions],
    ) -> None:
        if text is not None:
            refuse_both(text, body)
        if detail is not None or members or instance is not None:
            if text is not None or body is not None:
                raise ValueError("detail, instance and members belong to a problem document; leave out text and body")
            if taken := RESERVED_MEMBERS.intersection(members or ()):
                raise ValueError(f"a problem document has a {', '.join(sorted(taken))} of its own; rename the member")
        super().__init__()
        self.text = text
        self.body = body
        self.detail = detail
        self.instance = instance
        self.members: dict[str, object] = dict(members) if members else {}
        self.__ponty_faults__: tuple[Fault, ...] | FoundFaults = tuple(faults)
        self.options = options

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is wrong with the request."""
        faults = self.__ponty_faults__
        if isinstance(faults, FoundFaults):
            faults = self.__ponty_faults__ = faults.told()
        return faults

    @faults.setter
    def faults(self, faults: Sequence[Fault]) -> None:
        self.__ponty_faults__ = tuple(faults)

    def __str__(self) -> str:
        if self.text is not None:
            return self.text
        if self.detail is not None:
            return self.detail
        if self.faults:
            return "; ".join(f"{fault.location} {fault.name}: {fault.detail}" for fault in self.faults)
        return f"{self.status_code} {self.title or title(self.status_code)}".rstrip()


RESERVED_MEMBERS = frozenset({"type", "title", "status", "detail", "instance", "errors"})
"""The members of a problem document that are not extensions: those of RFC 9457 §3.1, and Ponty's `errors`."""

# The characters of a URI reference (RFC 3986 §2), without spaces, quotes and line breaks.
_URI_REFERENCE = re.compile(r"(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+")


class DoesNotExist(PontyError):
    """The requested resource does not exist.

    The status is 404.
    """

    status_code = 404


class ValidationError(PontyError):
    """The request is not valid.

    The status is 400.
    """

    status_code = 400

    @classmethod
    def __ponty_refuse__(cls, location: Location, name: str, found: Sequence[Found]) -> "ValidationError":
        """Return the refusal of one part of a request: the same as `ValidationError(faults=…)`, but made faster.

        Args:
            location: The part of the request.
            name: The name of the parameter, header or cookie.
            found: What is wrong with it.
        """
        error = cls.__new__(cls)
        error.__dict__ = {
            "members": {},
            "options": {},
            "__ponty_faults__": FoundFaults(location, name, found),
            "__ponty_refuses__": True,
        }
        return error


def refuse_both(text: str | None, body: object) -> None:
    """Refuse a text and a body for one answer.

    Raises:
        ValueError: Both are given.
    """
    if text is not None and body is not None:
        raise ValueError("give text or body, not both")
