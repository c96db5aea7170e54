// Decoding PNG with libpng.
#pragma once

#include <string>

#include "image.h"

namespace litepose {

/// @param orientation Set to the EXIF orientation if the file contains one.
/// @throws Error The file is truncated, damaged or too large.
Image read_png(const std::string& bytes, const std::string& name, int& orientation);

}  // namespace litepose
