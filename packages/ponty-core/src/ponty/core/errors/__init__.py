"""Errors: what a program raises, what is wrong with a request, and the problem document that says so (RFC 9457).

::

    exceptions, raise_status       -.
    what a field refuses -> faults -+-> answer_settings (the program's own), or else error_answers -> problems
    bytes that are no request, or an error while an answer was prepared -> closing_answer -> the client
"""
