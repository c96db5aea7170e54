"""What ``benchmarks/training.py`` measures, one file each."""
