"""What a handler returns becomes an answer in JSON.

::

    at import:  a handler -> render_json -> handler_returns (may it return that?), declared_rows (what its rows are)
    a value or a reply -> renderers -> returned (what of it is sent) -> encoding -> responses -> the client
    several, one by one, of an async generator function -> streams
    a value that is sent by other ways -> declared_values
"""
