"""Forms: from the bytes of a form, as they arrive, to an instance of a dataclass.

::

    multipart/form-data ── multipart_reader (disposition, filenames) ──┐
                                                                       ├── entries ── form_type ──> value
    application/x-www-form-urlencoded ── urlencoded_reader ────────────┘      │
                                                              upload ── spool ┴── limits

A reader splits a form and passes the pieces to `entries`, which enforces the limits and keeps only what the form has a
place for: texts in memory, files in spools. `form_type` makes the JSON value from them that a body would have,
validates it, puts the uploads in their places, and builds the instance. `holding` closes what a request holds open. In
the other direction, `form_writer` writes a form that is to be sent.
"""
