"""From an image to the input of a network, in numpy and OpenCV only."""
