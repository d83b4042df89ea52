"""The layers around a handler: guards that turn errors into answers, and the joining of middlewares.

::

    a request -> error_middleware -> passages (several middlewares as one) -> guarding -> a handler
                                                                                 | returns: response_checks
                                                                                 | raises:  error_watchers, errors
    the client <- error_middleware <- passages  <--------------------------------'
                        '- sent_file, for a file that was sent while it was prepared
"""
