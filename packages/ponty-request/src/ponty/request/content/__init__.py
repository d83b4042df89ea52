"""Content: the headers and the bytes of a body, before anything is known about its meaning (RFC 9110 §8).

::

    Content-Type ── media_types ────────────┐
                                            ├── charsets ──┬──> text
    Content-Encoding, bytes ── whole_body ──┘              └──> UTF-8 ── json_decoder ──> JSON
    bytes as they arrive ── body_chunks ──> streams and forms
"""
