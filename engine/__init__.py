"""The Sonic engine: speech in, portrait frames out. Pure; read pipeline.py first."""
