"""Learned graphs beside those of the field, and beside the truth."""
