"""Layouts of loggers and archives with habits of their own: one file each."""
