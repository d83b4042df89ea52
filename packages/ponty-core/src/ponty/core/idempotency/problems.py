"""Problems: the errors that refuse a request with an idempotency key.

::

    PontyError
    ├── IdempotencyKeyInUse       409  another request with this key is being carried out
    ├── OutcomeUnknown            409  an earlier request was cut short, or its answer is not kept
    └── IdempotencyKeyReused      422  another request had this key
"""

from ponty.core.errors.exceptions import PontyError


class IdempotencyKeyInUse(PontyError):
    """Another request with the same idempotency key is still being carried out.

    The status is 409, with a `Retry-After`.
    """

    status_code = 409


class OutcomeUnknown(PontyError):
    """A request with the same idempotency key was begun before, but its answer is not available.

    The status is 409. The request was cut short, or its answer was a stream or too large to be kept.
    """

    status_code = 409


class IdempotencyKeyReused(PontyError):
    """A different request had the same idempotency key.

    The status is 422. The method, the path, the media type or the body differs from the first request; without a scope
    and guards, the cookies may differ too.
    """

    status_code = 422
