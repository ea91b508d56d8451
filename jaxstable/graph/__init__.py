"""Graphs: metrics against a true graph, choice of a threshold, certificate of acyclicity."""
