"""Encoding values as JSON bytes, for all ways of sending them.

::

    a value -> json_encoder -> bytes
                    '- regular_types -> plain_hints  (the annotations of a class, which are read once for each class)
"""
