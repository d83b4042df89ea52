"""Parameters: the fields that read texts from the head of a request, and turn each into a value of a type.

::

    path   ── path ──────────────────────────────────────┐
    query  ── query │ parsed_query │ other_parameters ───┼── utf8 ── texts (cast) ──> value, or InvalidField
    header ── header │ last_event_id │ if_match ─┬───────┤
    cookie ── cookie ────────────────────────────┴── text_parameter
"""
