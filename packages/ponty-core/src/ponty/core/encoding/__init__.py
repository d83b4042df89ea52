"""Values as JSON bytes, wherever they are sent.

::

    a value -> json_encoder -> bytes
                    '- regular_types -> plain_hints  (what a class says of its instances, looked at once for each class)
"""
