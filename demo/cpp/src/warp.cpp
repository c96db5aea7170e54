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
    return {{{float(x), float(y)},
             {float(x), float(y - half)},
             {float(x - half), float(y - half)}}};
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

// Returns the two columns of positions, x and y in units of 1/1024 pixel, which OpenCV rounds before
// it adds those of columns and rows.
std::array<std::vector<int>, 2> positions(
    const std::array<double, 2>& scale, const std::array<double, 2>& offset, int size) {
    std::array<std::vector<int>, 2> result;
    for (int axis = 0; axis < 2; ++axis) {
        for (int i = 0; i < size; ++i) {
            result[axis].push_back(
                int(std::nearbyint((scale[axis] * i + offset[axis]) * 1024)));
        }
    }
    return result;
}

// Reads the pixel at a position in 32nds of a pixel. What lies outside the image is black.
void read(const Image& image, int x, int y, std::uint8_t* target) {
    static constexpr std::uint8_t kBlack[3] = {0, 0, 0};
    const int left = x >> 5, top = y >> 5, right_part = x & 31, lower_part = y & 31;
    const int left_part = 32 - right_part, upper_part = 32 - lower_part;
    const std::uint8_t *upper_left, *upper_right, *lower_left, *lower_right;
    if (left >= 0 && left + 1 < image.width && top >= 0 && top + 1 < image.height) {
        upper_left = image.at(left, top);
        upper_right = upper_left + 3;
        lower_left = upper_left + std::size_t(3) * image.width;
        lower_right = lower_left + 3;
    } else {
        const auto pixel = [&](int column, int row) {
            const bool inside =
                column >= 0 && column < image.width && row >= 0 && row < image.height;
            return inside ? image.at(column, row) : kBlack;
        };
        upper_left = pixel(left, top), upper_right = pixel(left + 1, top);
        lower_left = pixel(left, top + 1), lower_right = pixel(left + 1, top + 1);
    }
    for (int channel = 0; channel < 3; ++channel) {
        const int upper = left_part * upper_left[channel] + right_part * upper_right[channel];
        const int lower = left_part * lower_left[channel] + right_part * lower_right[channel];
        target[channel] = std::uint8_t((upper_part * upper + lower_part * lower + 512) >> 10);
    }
}

}  // namespace

std::array<double, 6> warp_matrix(
    std::array<float, 2> center, double span, int width, int height) {
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
    const auto across = positions({xx, yx}, {0, 0}, width);
    const auto down = positions({xy, yy}, {x0, y0}, height);
    Image result(width, height);
    for (int row = 0; row < height; ++row) {
        for (int column = 0; column < width; ++column) {
            read(image, (across[0][column] + down[0][row] + 16) >> 5,
                 (across[1][column] + down[1][row] + 16) >> 5, result.at(column, row));
        }
    }
    return result;
}

}  // namespace litepose
