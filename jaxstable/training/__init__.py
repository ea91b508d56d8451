"""The training loop: optimiser, epoch, lanes, health record and checkpoints."""
