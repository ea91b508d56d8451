"""Preparation of signals that all models share: what is not dynamics is found, said and taken out."""
