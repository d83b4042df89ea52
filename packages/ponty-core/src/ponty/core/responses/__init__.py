"""How a plain answer is written: its head, its headers and cookies, its body, in one write.

::

    status, media type -> heads  (-> statuses) -.
    body ---------------------------------------+-> lazy_response -> (entity_tags) -> plain_response -> the client
    headers of the answer  -> header_sets ------+  (written_headers: if they were not sent before)
    its cookies            -> written_cookies --+
    those of middlewares   -> further_headers --'  (noted_headers: if the handler sends its answer itself)

`plain_way` decides whether the answer to a request may be sent in one write.
"""
