"""Quantisers of the engines, on ONNX graphs; imported when int8 is asked for."""
