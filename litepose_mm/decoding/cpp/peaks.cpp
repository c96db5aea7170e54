#include "peaks.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace litepose {
namespace {

// Allowance for the rounding of interpolated floats, as a fraction of the threshold.
constexpr double kSlack = 4e-5;

// Returns the float that values exceed where they exceed the double `threshold`.
float as_float(double threshold) {
    const float nearest = float(threshold);
    return nearest > threshold ? std::nextafter(nearest, -std::numeric_limits<float>::infinity())
                               : nearest;
}

}  // namespace

std::vector<Peak> find_peaks(const BilinearMaps& heatmaps, int channel,
                             const std::vector<float>& highest, double threshold, int kernel,
                             int top_k) {
    const int radius = std::min(kernel / 2, std::max(heatmaps.height(), heatmaps.width()));
    const int step = std::min(radius, 1);  // to the direct neighbours
    const float least = as_float(threshold);
    const auto around = [&](const Range& range, int distance) -> Range {
        return {std::max(range.top - distance, 0),
                std::min(range.bottom + distance, heatmaps.height() - 1),
                std::max(range.left - distance, 0),
                std::min(range.right + distance, heatmaps.width() - 1)};
    };
    std::vector<Peak> peaks;
    BilinearMaps::Pixels pixels, neighbourhood;
    const auto is_highest = [&](int x, int y, float value) {
        heatmaps.read(channel, around({y, y, x, x}, radius), neighbourhood);
        return std::none_of(neighbourhood.values.begin(), neighbourhood.values.end(),
                            [&](float other) { return other > value; });
    };
    std::vector<int> may_be_peak;
    for (int index = 0; index < int(highest.size()); ++index) {
        if (highest[index] <= threshold - kSlack * std::abs(threshold)) continue;
        const Range block = heatmaps.block(index), area = around(block, step);
        const int width = area.right - area.left + 1;
        heatmaps.read(channel, area, pixels);
        const auto row = [&](int y) {
            y = std::min(std::max(y, area.top), area.bottom);
            return &pixels.values[std::size_t(y - area.top) * width];
        };
        may_be_peak.assign(width, 0);
        for (int y = block.top; y <= block.bottom; ++y) {
            // Direct neighbours rule out nearly all pixels, several at once.
            const float *own = row(y), *above = row(y - step), *below = row(y + step);
            int any = 0;
            for (int x = step; x < width - step; ++x) {
                may_be_peak[x] = (own[x] > least) & (own[x] >= own[x - step]) &
                                 (own[x] >= own[x + step]) & (own[x] >= above[x]) &
                                 (own[x] >= below[x]);
                any |= may_be_peak[x];
            }
            // At the border of the map, one of the neighbours is missing.
            if (area.left == block.left) any |= may_be_peak[0] = own[0] > least;
            if (area.right == block.right) any |= may_be_peak[width - 1] = own[width - 1] > least;
            if (!any) continue;
            for (int x = block.left; x <= block.right; ++x) {
                const float value = own[x - area.left];
                if (may_be_peak[x - area.left] && is_highest(x, y, value)) {
                    peaks.push_back({x, y, value});
                }
            }
        }
    }
    const auto is_better = [](const Peak& one, const Peak& other) {
        if (one.value != other.value) return one.value > other.value;
        return one.y != other.y ? one.y < other.y : one.x < other.x;
    };
    std::sort(peaks.begin(), peaks.end(), is_better);
    if (peaks.size() > std::size_t(top_k)) peaks.resize(top_k);
    return peaks;
}

}  // namespace litepose
