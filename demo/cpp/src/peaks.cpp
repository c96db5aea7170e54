#include "peaks.h"

#include <algorithm>
#include <cmath>

namespace litepose {
namespace {

constexpr int kSide = 16;  // of the blocks in pixels
// Allowance for the rounding of interpolated floats, as a fraction of the threshold.
constexpr double kSlack = 4e-5;

}  // namespace

std::vector<Peak> find_peaks(const BilinearMaps& heatmaps, int channel, double threshold,
                             int kernel, int top_k) {
    const int radius = kernel / 2;
    std::vector<Peak> peaks;
    std::vector<float> values;
    for (const Range& block : heatmaps.blocks(kSide)) {
        if (heatmaps.bounds(channel, block).highest <= threshold * (1 - kSlack)) continue;
        // The block with its surroundings.
        const Range area = {
            std::max(block.top - radius, 0), std::min(block.bottom + radius, heatmaps.height() - 1),
            std::max(block.left - radius, 0), std::min(block.right + radius, heatmaps.width() - 1)};
        const int width = area.right - area.left + 1;
        heatmaps.read(channel, area, values);
        const auto at = [&](int x, int y) {
            return values[std::size_t(y - area.top) * width + (x - area.left)];
        };
        const auto is_highest = [&](int x, int y) {
            const float value = at(x, y);
            const int bottom = std::min(y + radius, area.bottom);
            const int right = std::min(x + radius, area.right);
            for (int row = std::max(y - radius, area.top); row <= bottom; ++row) {
                for (int column = std::max(x - radius, area.left); column <= right; ++column) {
                    if (at(column, row) > value) return false;
                }
            }
            return true;
        };
        for (int y = block.top; y <= block.bottom; ++y) {
            for (int x = block.left; x <= block.right; ++x) {
                if (at(x, y) > threshold && is_highest(x, y)) peaks.push_back({x, y, at(x, y)});
            }
        }
    }
    std::sort(peaks.begin(), peaks.end(), [](const Peak& one, const Peak& other) {
        if (one.value != other.value) return one.value > other.value;
        return one.y != other.y ? one.y < other.y : one.x < other.x;
    });
    if (peaks.size() > std::size_t(top_k)) peaks.resize(top_k);
    return peaks;
}

}  // namespace litepose
