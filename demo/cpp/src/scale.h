// Bilinear scaling of images with the fixed-point arithmetic of OpenCV's resize.
#pragma once

#include "image.h"

namespace litepose {

/// Scales an image with half-pixel centres.
///
/// @param factor Pixels of the result per pixel of the image.
/// @param width Width of the result, the image's times the factor, rounded.
/// @param height Height of the result.
Image scale(const Image& image, double factor, int width, int height);

}  // namespace litepose
