#include "image.h"

#include <algorithm>
#include <string>

#include "error.h"
#include "files.h"
#include "jpeg.h"
#include "orientation.h"
#include "png_image.h"

namespace litepose {
namespace {

// Networks get a short side of a fixed length, so a very narrow image would leave most of it empty.
constexpr int kMaxAspectRatio = 20;

bool starts_with(const std::string& bytes, const char* start) { return bytes.rfind(start, 0) == 0; }

}  // namespace

Image read_image(const std::filesystem::path& path) {
    const std::string bytes = read_file(path, "image"), name = path.string();
    if (bytes.empty()) {
        throw Error("expected an image, but " + name + " is empty (0 bytes); copy it again");
    }
    Image image;
    if (starts_with(bytes, "\xff\xd8")) {
        image = upright(read_jpeg(bytes, name), jpeg_orientation(bytes));
    } else if (starts_with(bytes, "\x89PNG\r\n\x1a\n")) {
        int orientation = 1;
        image = read_png(bytes, name, orientation);
        image = upright(std::move(image), orientation);
    } else {
        throw Error("expected a JPEG or PNG, but " + name +
                    " is truncated, damaged or in another format; copy it again or convert it");
    }
    const auto [shorter, longer] = std::minmax(image.width, image.height);
    if (longer > kMaxAspectRatio * shorter) {
        throw Error("expected an image whose long side is at most " +
                    std::to_string(kMaxAspectRatio) + " times the short one, but " + name +
                    " has " + std::to_string(image.width) + "x" + std::to_string(image.height) +
                    "; cut it into pieces");
    }
    return image;
}

}  // namespace litepose
