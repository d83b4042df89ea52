"""The settings, which are read from the environment once, when the program starts."""

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True)
class Settings:
    host: str = "127.0.0.1"
    port: int = 8080
    database: str = "guesthouse.db"
    rates_url: str = "http://127.0.0.1:9000"
    origins: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings; an invalid one raises a ValueError before anything is served."""
        return cls(
            host=environment.get("HOST", cls.host),
            port=int(environment.get("PORT", cls.port)),
            database=environment.get("DATABASE", cls.database),
            rates_url=environment.get("RATES_URL", cls.rates_url),
            origins=tuple(environment.get("ORIGINS", "").split()),
        )
