"""Drawing pictures of a rig from motion frames, in two dimensions."""
