"""Notebooks: what a run needs of their cells, gathered into a module and run."""
