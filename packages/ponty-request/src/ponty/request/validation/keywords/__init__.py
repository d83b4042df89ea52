"""Keywords: each makes a check of its value in a schema.

They stand by what they look at: `in_place` at the same value, `objects` and `arrays` into one, `left_over` at what all
others left. The assertions, which look at nothing but their own value, jsonschema-rs knows by itself.
"""
