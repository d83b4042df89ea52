"""Two descriptions of one API, compared.

::

    two documents ── documents ──┬── parts (what is the same operation, parameter, media type?) ──┬──> Change
                                 └── schemas ── references ── keywords, objects ──────────────────┘

`documents` goes over the operations, `schemas` over the values that these take and send, keyword by keyword with
`keywords`; what they find is a `Change`.
"""
