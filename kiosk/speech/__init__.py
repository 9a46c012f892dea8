"""Text to speech and audio files: everything that turns into sound."""
