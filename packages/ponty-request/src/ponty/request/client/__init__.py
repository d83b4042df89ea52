"""A request that is sent: the client's side of a class of fields.

::

    at import   Endpoint (method, path, what is answered) ── bound to the fields of a class
    a call      values ── Field.insert ──> Outgoing ── address ──> the session
                its answer ── problems ──> a PontyError, or UnexpectedAnswer
                           └─ answers ──> a value of the type that the endpoint returns, or its items
"""
