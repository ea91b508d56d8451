"""The models: small tuples of pure functions that training, sweeps and results know nothing else of."""
