"""Schemas of what partners read and write. Pure Python; resources say to which models they belong."""
