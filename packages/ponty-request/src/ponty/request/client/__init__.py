"""The client's side of a class of fields: its requests are sent, and their answers are read.

::

    at import   Endpoint (method, path, type of the answer) ── bound to the fields of a class
    a call      values ── sending: Field.insert ──> Outgoing ──> the session, or NotSendable (errors)
                its answer ── answers ──┬──> a value of the type that the endpoint returns, or its items
                                        └── problems ──> a PontyError, or UnexpectedAnswer (errors)
"""
