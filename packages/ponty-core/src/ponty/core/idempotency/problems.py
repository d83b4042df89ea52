"""What a request with an idempotency key is refused with.

::

    PontyError
    ├── IdempotencyKeyInUse       409  another request with this key is being carried out
    ├── OutcomeUnknown            409  one was cut short, or its answer is not kept
    └── IdempotencyKeyReused      422  another request had this key
"""

from ponty.core.errors.exceptions import PontyError


class IdempotencyKeyInUse(PontyError):
    """Another request with this idempotency key is being carried out."""

    status_code = 409


class OutcomeUnknown(PontyError):
    """A request with this idempotency key was begun before, and there is no answer of it to be had."""

    status_code = 409


class IdempotencyKeyReused(PontyError):
    """Another request had this idempotency key."""

    status_code = 422
