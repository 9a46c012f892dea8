"""Speech and life to facial motion."""
