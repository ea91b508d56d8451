"""Directories of runs: whole files, one writer, checkpoints and logs."""
