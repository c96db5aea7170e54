"""Measure costs of networks: operations, and times on this machine."""
