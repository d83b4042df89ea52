"""`python -m guesthouse`: serve the application, with settings from the environment."""

import logging
import os

from guesthouse.service import build
from guesthouse.settings import Settings
from ponty import serve

logging.basicConfig(level=logging.INFO)
settings = Settings.from_environment(os.environ)
serve(build(settings), host=settings.host, port=settings.port)
