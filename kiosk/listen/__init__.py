"""Ears: speech that arrives live, for the avatar to say or from a visitor for it to hear."""
