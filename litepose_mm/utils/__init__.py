"""Helpers that know nothing of poses."""
