"""The PyTorch program that the reference model re-implements, replayed and compared."""
