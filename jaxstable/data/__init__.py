"""Sensor series on the host: read, check, cut into windows, split in time and standardise."""
