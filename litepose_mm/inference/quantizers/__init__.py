"""The engines' quantisers of ONNX graphs, which are imported only for int8."""
