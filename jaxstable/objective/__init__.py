"""Objective: loss terms and acyclicity penalties, pure functions of arrays for one batch."""
