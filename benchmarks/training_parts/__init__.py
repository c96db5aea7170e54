"""The measurements of ``benchmarks/training.py``, one per file."""
