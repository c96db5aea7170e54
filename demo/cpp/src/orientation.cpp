#include "orientation.h"

#include <cstring>

namespace litepose {
namespace {

constexpr unsigned kOrientationTag = 0x0112, kShort = 3, kLong = 4;

unsigned number(std::string_view bytes, std::size_t at, int length, bool little_endian) {
    unsigned value = 0;
    for (int i = 0; i < length; ++i) {
        const std::size_t place = at + (little_endian ? length - 1 - i : i);
        value = value << 8 | (place < bytes.size() ? static_cast<unsigned char>(bytes[place]) : 0);
    }
    return value;
}

}  // namespace

int exif_orientation(std::string_view exif) {
    const bool little = exif.substr(0, 4) == std::string_view("II*\0", 4);
    if (!little && exif.substr(0, 4) != std::string_view("MM\0*", 4)) return 1;
    // The directory is a count and entries of 12 bytes: tag, type, count, value.
    const std::size_t directory = number(exif, 4, 4, little);
    const unsigned count = number(exif, directory, 2, little);
    for (unsigned i = 0; i < count; ++i) {
        const std::size_t entry = directory + 2 + std::size_t(12) * i;
        if (entry + 12 > exif.size()) break;
        if (number(exif, entry, 2, little) != kOrientationTag) continue;
        const unsigned type = number(exif, entry + 2, 2, little);
        if (type != kShort && type != kLong) break;
        const unsigned value = number(exif, entry + 8, type == kShort ? 2 : 4, little);
        return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
    }
    return 1;
}

int jpeg_orientation(std::string_view jpeg) {
    constexpr std::string_view kStart("Exif\0\0", 6);
    constexpr unsigned kApp1 = 0xe1, kStartOfScan = 0xda;
    std::size_t at = 2;
    while (at + 4 <= jpeg.size() && jpeg[at] == '\xff') {
        const unsigned marker = number(jpeg, at + 1, 1, false);
        if (marker == 0xff) {  // a fill byte
            ++at;
            continue;
        }
        if (marker == kStartOfScan) break;
        const unsigned length = number(jpeg, at + 2, 2, false);
        if (marker == kApp1 && jpeg.substr(at + 4, 6) == kStart && length >= 8) {
            return exif_orientation(jpeg.substr(at + 10, length - 8));
        }
        at += 2 + length;
    }
    return 1;
}

Image upright(Image image, int orientation) {
    if (orientation == 1) return image;
    const bool swapped = orientation >= 5;
    const int width = swapped ? image.height : image.width;
    const int height = swapped ? image.width : image.height;
    Image result(width, height);
    // Where each orientation stores the right and the bottom end of the upright image.
    const bool flip_x =
        orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    const bool flip_y =
        orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            int source_x = swapped ? y : x, source_y = swapped ? x : y;
            if (flip_x) source_x = image.width - 1 - source_x;
            if (flip_y) source_y = image.height - 1 - source_y;
            std::memcpy(result.at(x, y), image.at(source_x, source_y), 3);
        }
    }
    return result;
}

}  // namespace litepose
