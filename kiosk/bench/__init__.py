"""Measurements of the whole kiosk, made from outside."""
