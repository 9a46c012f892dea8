"""The refiner: its rendered truth, its network, its training."""
