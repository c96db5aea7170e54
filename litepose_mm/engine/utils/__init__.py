"""Functions that several hooks share."""
