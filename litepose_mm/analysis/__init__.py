"""Costs of networks: operations, and times on this machine."""
