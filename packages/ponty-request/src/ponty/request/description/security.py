"""The security schemes of a document: how clients authenticate, as the fields describe it."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ponty.request.fields.base import Description


class SecuritySchemes:
    """The security schemes of the fields in a document, each once."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self.schemes: dict[str, Mapping[str, Any]] = {}

    def requirements(self, said: Iterable[Description]) -> list[dict[str, list[str]]]:
        """Return what an operation requires: all schemes of its fields, or only some, if others are optional."""
        required: list[str] = []
        optional: list[str] = []
        for each in said:
            if each.security is not None:
                names, others = (required, optional) if each.required else (optional, required)
                name = self._name(each.security)
                if name not in names and name not in others:
                    names.append(name)
        if not required and not optional:
            return []
        alternatives: list[dict[str, list[str]]] = [{name: [] for name in (*required, *optional)}] if optional else []
        alternatives += [{name: [] for name in (*required, each)} for each in optional if len(optional) > 1]
        return [*alternatives, {name: [] for name in required}]

    def _name(self, scheme: Mapping[str, Any]) -> str:
        key = json.dumps(scheme, sort_keys=True)
        if key not in self._names:
            kind = scheme.get("type", "security")
            words = f"{scheme.get('scheme') or scheme.get('name') or kind}{_KINDS.get(kind, '')}"
            stem = name = re.sub(r"[^A-Za-z0-9._-]+", "_", words)
            number = 1
            while name in self.schemes:
                number += 1
                name = f"{stem}_{number}"
            self._names[key] = name
            self.schemes[name] = scheme
        return self._names[key]


_KINDS = {"http": "Auth", "apiKey": "Key"}
