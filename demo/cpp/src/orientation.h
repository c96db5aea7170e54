// The orientation in which a camera was held, as EXIF stores it.
#pragma once

#include <string>
#include <string_view>

#include "image.h"

namespace litepose {

/// Returns the orientation, 1 to 8, in EXIF data that starts with its byte order; 1 if there is
/// none.
int exif_orientation(std::string_view exif);

/// Returns the orientation in the EXIF segment of a JPEG; 1 if there is none.
int jpeg_orientation(std::string_view jpeg);

/// Turns an image upright.
Image upright(Image image, int orientation);

}  // namespace litepose
