"""Rendering: the value that a handler returns becomes an answer in JSON.

::

    at import:  a handler -> render_json -> handler_returns (may it return that?), declared_rows (of which class?)
    a value or a reply -> renderers -> returned (which parts are sent?) -> encoding -> responses -> the client
    the values of an async generator function, one by one -> streams
    a value that is sent in other ways -> declared_values
"""
