"""Systems with a known graph, and what plants do to their readings."""
