"""Time, memory, exactness and survival of the training engine."""
