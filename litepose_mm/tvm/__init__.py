"""TVM: from an ONNX file to a tuned library for a device. Nothing here knows of poses."""
