"""Bodies: the fields that read the body of a request.

::

    bytes ── content ──┬── text_body ──> text
                       ├── json_body ── validation ──> JSON
                       ├── parsed_json_body ── parsing ──> a value of a type
                       └── form ── forms ──> members and uploads
    bytes ── stream ──> bytes as they arrive

Large bodies of JSON are read by `ponty.request.large`. `json_encoding` writes them.
"""
