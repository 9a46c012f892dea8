"""How a training goes, for people and programs."""

import json
from pathlib import Path
from typing import Any


class Log:
    """Lines of JSON, in a file and on the screen."""

    def __init__(self, path: Path) -> None:
        """Write on at the end of *path*."""
        self._path = path

    def __call__(self, **entries: Any) -> None:  # noqa: ANN401  # numbers and words
        """Write one line."""
        rounded = {k: round(v, 4) if isinstance(v, float) else v for k, v in entries.items()}
        line = json.dumps(rounded)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        print(line, flush=True)  # noqa: T201  # the progress of a command
