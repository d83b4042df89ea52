"""From a call to its key: two calls share a value exactly if they are the same call.

::

    arguments -> wrapper -> forms (of each argument) -> identity (of objects that are equal to nothing else) -> key

For each decorated function, `wrapper` compiles a function that makes the key and looks for the value.
`written` reads its parameters and annotations.
"""
