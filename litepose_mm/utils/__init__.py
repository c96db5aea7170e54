"""Helpers that do not depend on poses."""
