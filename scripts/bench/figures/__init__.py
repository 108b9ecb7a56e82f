"""One module per group of figures; each measures what was asked for and gives :class:`bench.report.Figure` objects."""
