"""Content: what HTTP says of a body, before anything is known of its meaning (RFC 9110 §8).

::

    Content-Type ── media_types ──┐
                                  ├── charsets ──> text
    Content-Encoding, bytes ──────┤
                                  └── json_decoder ──> JSON
"""
