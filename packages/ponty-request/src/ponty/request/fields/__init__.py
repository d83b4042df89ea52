"""Fields: each takes one part of an HTTP request, named after the place that it has there.

::

    request ── path │ query │ header │ cookie │ body │ raw ──> value, or InvalidField
                 └─────┴── converters (text to value)

`base` is what all of them are: `Field`, which reads a part, and `Description`, which says what it takes. `body` reads
its bytes by `ponty.request.content` and makes values of them by `ponty.request.parsing`.
"""
