"""Portrait onboarding: fitting the face prior to a photo, baking it into a rig, loading rigs."""
