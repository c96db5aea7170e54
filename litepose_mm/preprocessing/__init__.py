"""Turn images into the input of a network, with numpy and OpenCV only."""
