// Bilinear resampling of images with the fixed-point arithmetic of OpenCV 4, by which networks are
// trained.
#pragma once

#include <array>

#include "image.h"

namespace litepose {

/// Returns the matrix that maps `span` pixels around a point of the image to the width of the
/// output, as OpenCV's getAffineTransform solves it from three points.
std::array<double, 6> warp_matrix(std::array<float, 2> center, double span, int width, int height);

/// Returns an output filled through a matrix that neither rotates nor shears; black outside.
Image warp(const Image& image, const std::array<double, 6>& matrix, int width, int height);

}  // namespace litepose
