"""Where networks run: one protocol, one backend per file."""
