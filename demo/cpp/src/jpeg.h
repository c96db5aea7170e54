// Decoding JPEG with libjpeg-turbo.
#pragma once

#include <string>

#include "image.h"

namespace litepose {

/// The largest number of pixels that is read, the same as in the Python package.
constexpr long kMaxPixels = 2 * 89'478'485;

/// @throws Error The file is truncated, damaged or too large, or has colours for printing (CMYK).
Image read_jpeg(const std::string& bytes, const std::string& name);

/// @throws Error An image has more than kMaxPixels.
void check_size(long width, long height, const std::string& name);

}  // namespace litepose
