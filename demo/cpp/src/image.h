// Reading images.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace litepose {

struct Image {
    int width = 0;
    int height = 0;
    std::vector<std::uint8_t> rgb;  ///< rows of red, green and blue

    Image() = default;
    Image(int width, int height)
        : width(width), height(height), rgb(std::size_t(3) * width * height) {}

    const std::uint8_t* at(int x, int y) const { return &rgb[3 * (std::size_t(y) * width + x)]; }
    std::uint8_t* at(int x, int y) { return &rgb[3 * (std::size_t(y) * width + x)]; }
};

/// Reads a JPEG or PNG, upright by its EXIF orientation.
///
/// Transparency is ignored, and 16 bits become 8.
///
/// @throws Error The file is missing, damaged, too large, or in another format.
Image read_image(const std::filesystem::path& path);

}  // namespace litepose
