"""The engine of `discover`: fits, the choice among graphs, bends and draws."""
