"""Limited items: the declared type of a handler limits what is sent of each item of its stream."""

from ponty.core.errors.answer_settings import AnswerSettings, current_settings
from ponty.core.returned.returned_type import ReturnedType

_DEFAULTS = AnswerSettings()


class LimitedItems:
    """The items of a handler.

    Args:
        limit: Their type; None if it is not declared.
        handler: The handler.
    """

    def __init__(self, limit: ReturnedType | None, handler: object) -> None:
        self._limit = limit
        self._name: str = getattr(handler, "__qualname__", "a handler")

    def limited(self, value: object) -> object:
        """Return the part of an item that is sent.

        Raises:
            TypeError: The item is of another kind than the type.
        """
        if self._limit is None:
            return value
        return self._limit.limited(value, self._name, current_settings.get(_DEFAULTS).check_returns)
