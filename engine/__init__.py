"""The Sonic engine: speech in, portrait frames out. Pure and synchronous; read pipeline.py first."""
