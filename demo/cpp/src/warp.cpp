#include "warp.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

namespace litepose {
namespace {

using Points = std::array<std::array<float, 2>, 3>;

// A point, the point half a width above it, and one half a width left of that.
Points corner(double x, double y, double width) {
    const double half = width * 0.5;
    return {
        {{float(x), float(y)}, {float(x), float(y - half)}, {float(x - half), float(y - half)}}};
}

// Gaussian elimination with pivots. The order of operations is that of OpenCV, since the last bits
// of the matrix decide between two pixels where a position lies in the middle.
std::array<double, 6> solve(std::array<std::array<double, 7>, 6> rows) {
    constexpr int kSize = 6;
    for (int i = 0; i < kSize; ++i) {
        int pivot = i;
        for (int j = i + 1; j < kSize; ++j) {
            if (std::abs(rows[j][i]) > std::abs(rows[pivot][i])) pivot = j;
        }
        std::swap(rows[i], rows[pivot]);
        const double factor = -1 / rows[i][i];
        for (int j = i + 1; j < kSize; ++j) {
            const double share = rows[j][i] * factor;
            for (int k = i + 1; k <= kSize; ++k) rows[j][k] += share * rows[i][k];
        }
    }
    std::array<double, 6> solution{};
    for (int i = kSize - 1; i >= 0; --i) {
        double rest = rows[i][kSize];
        for (int k = i + 1; k < kSize; ++k) rest -= rows[i][k] * solution[k];
        solution[i] = rest / rows[i][i];
    }
    return solution;
}

// A position in units of 1/1024 pixel, as OpenCV rounds it.
int fixed_point(double position) { return int(std::nearbyint(position * 1024)); }

// Mixes two rows of an image, of which those outside are black, in 32nds. Two black pixels are
// added at each end.
void mix_rows(const Image& image, int top, int lower_part, std::vector<std::uint16_t>& mixed) {
    const int count = 3 * image.width;
    mixed.assign(std::size_t(count) + 12, 0);
    std::uint16_t* target = mixed.data() + 6;
    for (const auto& [row, part] :
         {std::pair(top, 32 - lower_part), std::pair(top + 1, lower_part)}) {
        if (row < 0 || row >= image.height) continue;
        const std::uint8_t* source = image.at(0, row);
        for (int i = 0; i < count; ++i) target[i] = std::uint16_t(target[i] + part * source[i]);
    }
}

}  // namespace

std::array<double, 6> warp_matrix(std::array<float, 2> center, double span, int width, int height) {
    const Points from = corner(center[0], center[1], span);
    const Points to = corner(width * 0.5, height * 0.5, width);
    std::array<std::array<double, 7>, 6> rows{};
    for (int i = 0; i < 3; ++i) {
        rows[i] = {from[i][0], from[i][1], 1, 0, 0, 0, to[i][0]};
        rows[i + 3] = {0, 0, 0, from[i][0], from[i][1], 1, to[i][1]};
    }
    return solve(rows);
}

Image warp(const Image& image, const std::array<double, 6>& matrix, int width, int height) {
    const auto& [a, b, c, d, e, f] = matrix;
    const double determinant = a * e - b * d;
    const double inverse = determinant != 0 ? 1 / determinant : 0;
    const double xx = e * inverse, yy = a * inverse, xy = -b * inverse, yx = -d * inverse;
    const double x0 = -xx * c - xy * f, y0 = -yx * c - yy * f;
    std::vector<int> columns;
    for (int column = 0; column < width; ++column) columns.push_back(fixed_point(xx * column));
    Image result(width, height);
    std::vector<std::uint16_t> mixed;
    for (int row = 0; row < height; ++row) {
        const int x_start = fixed_point(xy * row + x0) + 16;
        const int y = (fixed_point(yy * row + y0) + 16) >> 5;
        mix_rows(image, y >> 5, y & 31, mixed);
        std::uint8_t* target = result.at(0, row);
        for (const int column : columns) {
            const int x = (column + x_start) >> 5, right_part = x & 31;
            const std::uint16_t* left = &mixed[3 * (std::clamp(x >> 5, -2, image.width) + 2)];
            for (int channel = 0; channel < 3; ++channel) {
                const int sum = (32 - right_part) * left[channel] + right_part * left[channel + 3];
                *target++ = std::uint8_t((sum + 512) >> 10);
            }
        }
    }
    return result;
}

}  // namespace litepose
