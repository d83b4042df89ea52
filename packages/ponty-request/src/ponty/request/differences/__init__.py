"""Two descriptions of one API, compared.

::

    two descriptions -> documents (operations) -> schemas (of what these take and send) -> keywords, objects
                         '- parts, references ----'                                          '-> change
"""
