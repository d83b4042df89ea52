"""Two descriptions of one API, compared.

`documents` goes over the operations, `schemas` over the values that these take and send, keyword by keyword with
`keywords`; what they find is a `Change`.
"""
