"""From a call to its key: two calls share a value exactly when they are the same call.

::

    arguments -> wrapper -> forms (of each argument) -> identity (of objects that are equal to nothing else) -> key

`wrapper` compiles, for each decorated function, the function that makes the key and looks for the value.
`written` reads the function's parameters.
"""
