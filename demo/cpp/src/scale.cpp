#include "scale.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace litepose {
namespace {

// The two pixels that an output pixel reads, and their weights in units of 1/2048.
struct Tap {
    int first, second;
    int first_weight, second_weight;
};

// Beyond the border, the last pixel is read twice. OpenCV then gives columns one weight, but rows
// still two, which are rounded differently.
std::vector<Tap> taps(int size, int source_size, double step, bool is_row) {
    std::vector<Tap> result;
    for (int i = 0; i < size; ++i) {
        const float position = float((i + 0.5) * step - 0.5);
        const int first = int(std::floor(position));
        float share = position - float(first);
        if (!is_row && (first < 0 || first >= source_size - 1)) share = 0;
        result.push_back(
            {std::clamp(first, 0, source_size - 1), std::clamp(first + 1, 0, source_size - 1),
             int(std::nearbyint((1 - share) * 2048)), int(std::nearbyint(share * 2048))});
    }
    return result;
}

// OpenCV averages four pixels where it halves an image exactly.
Image halved(const Image& image, int width, int height) {
    Image result(width, height);
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            const int right = std::min(2 * x + 1, image.width - 1);
            const int below = std::min(2 * y + 1, image.height - 1);
            for (int channel = 0; channel < 3; ++channel) {
                const int sum = image.at(2 * x, 2 * y)[channel] + image.at(right, 2 * y)[channel] +
                                image.at(2 * x, below)[channel] + image.at(right, below)[channel];
                result.at(x, y)[channel] = std::uint8_t((sum + 2) >> 2);
            }
        }
    }
    return result;
}

}  // namespace

Image scale(const Image& image, double factor, int width, int height) {
    if (factor == 0.5) return halved(image, width, height);
    const std::vector<Tap> columns = taps(width, image.width, 1 / factor, false);
    const std::vector<Tap> rows = taps(height, image.height, 1 / factor, true);
    Image result(width, height);
    for (int y = 0; y < height; ++y) {
        const Tap& row = rows[y];
        for (int x = 0; x < width; ++x) {
            const Tap& column = columns[x];
            for (int channel = 0; channel < 3; ++channel) {
                const auto along = [&](int source_row) {
                    return image.at(column.first, source_row)[channel] * column.first_weight +
                           image.at(column.second, source_row)[channel] * column.second_weight;
                };
                const int above = row.first_weight * (along(row.first) >> 4) >> 16;
                const int below = row.second_weight * (along(row.second) >> 4) >> 16;
                result.at(x, y)[channel] =
                    std::uint8_t(std::clamp((above + below + 2) >> 2, 0, 255));
            }
        }
    }
    return result;
}

}  // namespace litepose
