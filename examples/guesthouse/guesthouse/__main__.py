"""`python -m guesthouse`: serve it, with settings from the environment."""

import logging
import os

from guesthouse.service import providers
from ponty import startmeup

logging.basicConfig(level=logging.INFO)
startmeup(
    host=os.environ.get("HOST", "127.0.0.1"),
    port=int(os.environ.get("PORT", "8080")),
    providers=providers(
        database=os.environ.get("DATABASE", "guesthouse.db"),
        rates=os.environ.get("RATES_URL", "http://127.0.0.1:9000"),
    ),
)
