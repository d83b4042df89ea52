"""Forms: from the bytes of a form, as they arrive, to an instance of a dataclass.

::

    multipart/form-data ── multipart_reader (disposition, filenames) ──┐
                                                                       ├── entries ── form_type ──> value
    application/x-www-form-urlencoded ── urlencoded_reader ────────────┘      │
                                                              upload ── spool ┴── limits

A reader takes a form apart and hands what it finds to `entries`, which holds the limits and keeps only what the form
has a place for: texts in memory, files in spools. `form_type` makes of them the JSON value that a body would have had,
has that validated, puts the uploads in their places and builds. What a request holds open is closed by `holding`. The
other way round, `form_writer` writes a form that is to be sent.
"""
