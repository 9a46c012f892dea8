"""The kiosk: devices, tasks, clocks and the network around the engine."""

__version__ = "0.1.0"
