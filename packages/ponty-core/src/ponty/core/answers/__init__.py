"""Values and errors as HTTP answers.

::

    a value  -> rendering (-> returned_types) -> encoding ---.
    an error -> guarding (-> error_answers) -> problems -----+-> fast_response -> (entity_tags) -> the client
    a response of a program's own -> response_checks -> aiohttp --'
"""
