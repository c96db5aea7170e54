"""Measures in numpy only."""
