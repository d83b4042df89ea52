"""Errors: the exceptions of a program, the faults of a request, and the problem document that reports them (RFC 9457).

::

    exceptions, raise_status         -.
    faults (a field refuses a value) -+-> answer_settings (the program's own), or else error_answers -> problems
    bytes that are no request, or an error while an answer was prepared -> closing_answer -> the client
"""
