"""Idempotency keys: requests with the same key are carried out once, and all get the same answer.

::

    middleware -> attempt -> stored_answer
                          -> keys
                          -> problems, store

A key belongs to a caller, and names one request of this caller. A store has a record of it:

- *nothing*: the request was not carried out, as far as is known.
- *begun*: the request is being carried out, or its process died meanwhile. Only with `after_crash="refuse"`.
- *answered*: the request was carried out, and this is the answer.
- *unkept*: the request was carried out, but its answer is not kept, since it was a stream or too large.

An attempt is one request with a key. It is in one of these states:

- *waiting to be admitted*: the guards of its handler run. The body and the record are not read yet.
- *looking*: its body is read, and the record of its key is looked up. If the record is of another request (another
  method, path or body), the answer is a 422. Any other record ends the attempt with its answer or error.
- *waiting for the key*: another attempt holds the key. If the wait is too long, the answer is a 409. If the attempt
  gets the key, it looks up the record again.
- *holding*: no other attempt has the key, and nothing is recorded. The handler runs.
- *recording*: the handler has answered. The answer is recorded if it must be kept; otherwise the record is dropped.
  Only after that, the key is given back, and the answer is sent.

Rules:

1. The handler only runs while its attempt holds the key, and after this attempt has seen that nothing is recorded.
2. Only the holder of the key writes its record. A store with leases that end checks the lease and writes in one step.
3. If a request was refused before the handler was called, since its fields were not valid, nothing is recorded. Nor is
   an answer recorded that asks the client to try again: a 5xx, a 408, 425 or 429, and each answer with a `Retry-After`.
4. However an attempt ends, by an answer, an error or a cancellation, the key is given back exactly once. A cancellation
   while the record is written does not stop the writing.
5. If the store fails before the handler is called, the request fails. If it fails after that, the client gets its
   answer, and the log says that nothing is recorded.

Two handlers never run at once for the same key, unless the lease of one of them has ended, which is then cancelled. A
handler never runs for a key with a record. No part of an answer is ever recorded alone, nor by an attempt that has lost
the key. No caller or request ever gets the answer of another one.

It cannot be guaranteed that a handler runs exactly once: if its process dies after the effect and before the record, it
is not known whether it took effect. `after_crash` says what happens then.
"""
