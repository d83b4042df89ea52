"""What a program raises to answer with an error.

::

    Exception
    ├── PontyError               500, or the `status_code` of a subclass
    │   ├── DoesNotExist         404
    │   └── ValidationError      400
    └── aiohttp.web.HTTPException
        └── (one of each status)  what `raise_status` raises

How they become answers is the business of `ponty.core.errors.error_answers`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TypedDict, Unpack

from aiohttp.typedefs import LooseHeaders

from ponty.core.errors.faults import Fault, Found, FoundFaults, Location
from ponty.core.responses.statuses import title


class ErrorOptions(TypedDict, total=False):
    """What `PontyError` hands on to the answer."""

    headers: LooseHeaders | None
    reason: str | None
    content_type: str | None


class PontyError(Exception):
    """An error that answers the request it is raised in, wherever that is.

    Subclass it to give an error of your own a status, and a type that clients know it by. Without `text` and `body` the
    answer is a problem document (RFC 9457); with one of them, that is sent as given.

    ::

        class SoldOut(PontyError):
            status_code = 410
            type = "https://mugs.example/problems/sold-out"
            title = "This mug is sold out"

        def take(stock: int) -> None:
            if not stock:
                raise SoldOut(detail="the last one went an hour ago", members={"restocked": "2026-03-01"})

    Args:
        text: A text/plain answer.
        body: An answer in JSON.
        detail: What went wrong this time, in words for people; `detail` of the problem document.
        instance: A URI reference that names this one occurrence; `instance` of the problem document.
        members: Further members of the problem document, for programs (RFC 9457 §3.2).
        faults: What is wrong with the request, listed in the problem document as `errors`.
        **options: `headers`, `reason` and `content_type` of the answer.

    Raises:
        ValueError: More than one of `text`, `body` and what makes a problem document is given, or a name in `members`
            is one of the document's own.
    """

    status_code: int = 500
    """The HTTP status of the answer, 200 to 599."""

    type: str = "about:blank"
    """The kind of the problem, a URI reference, best an absolute one that leads to a page about it (RFC 9457
    §3.1.1). The default says no more than the status."""

    title: str = ""
    """The kind of problem in words, the same each time; where it is empty, the name of the status."""

    # As most errors have them; what makes many errors sets no more than it has to.
    text: str | None = None
    body: object = None
    detail: str | None = None
    instance: str | None = None
    __ponty_refuses__: bool = False

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        if not isinstance(cls.type, str) or not _URI_REFERENCE.fullmatch(cls.type):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ValueError(f"{cls.__qualname__}.type is a URI reference (RFC 3986), not {cls.type!r}")

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
                raise ValueError("detail, instance and members are of a problem document; leave out text and body")
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
"""The members of a problem document that are not an extension: those of RFC 9457 §3.1, and Ponty's own."""

# The characters of a URI reference (RFC 3986 §2); a space, a quote or a line break is in none.
_URI_REFERENCE = re.compile(r"(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+")


class DoesNotExist(PontyError):
    """What the request asks for does not exist: 404."""

    status_code = 404


class ValidationError(PontyError):
    """The request is not valid: 400."""

    status_code = 400

    @classmethod
    def __ponty_refuse__(cls, location: Location, name: str, found: Sequence[Found]) -> "ValidationError":
        """Return the refusal of one part of a request: as `ValidationError(faults=…)`, but made in no time.

        Args:
            location: The part of the request.
            name: The name there.
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
