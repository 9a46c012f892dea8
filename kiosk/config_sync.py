"""What can be set about lip sync."""

from pathlib import Path

from kiosk.config_fields import Section
from kiosk.terminals import default_file


class SyncSettings(Section):
    """How lips and sound are kept in step."""

    enabled: bool = True
    """Whether what the pages measure corrects the lip sync."""
    terminals_file: str = ""
    """Where ``kiosk calibrate`` keeps the terminals' delays; empty: the user's state folder."""

    @property
    def terminals_path(self) -> Path:
        """The file of the terminals' delays."""
        return Path(self.terminals_file).expanduser() if self.terminals_file else default_file()
