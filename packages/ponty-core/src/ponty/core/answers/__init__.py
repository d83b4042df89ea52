"""Values and errors as HTTP answers.

::

    a value  -> rendering -> encoding ----------.
    an error -> error_middleware -> problems ---+-> fast_response -> the client
    a response of a program's own -> response_checks -> aiohttp --'
"""
