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
    std::vector<Peak> peaks;
    BilinearMaps::Pixels pixels;
    std::vector<int> may_be_peak;
    for (int index = 0; index < int(highest.size()); ++index) {
        if (highest[index] <= threshold - kSlack * std::abs(threshold)) continue;
        const Range block = heatmaps.block(index);
        const Range area = {  // the block with its surroundings
            std::max(block.top - radius, 0), std::min(block.bottom + radius, heatmaps.height() - 1),
            std::max(block.left - radius, 0), std::min(block.right + radius, heatmaps.width() - 1)};
        const int width = area.right - area.left + 1;
        heatmaps.read(channel, area, pixels);
        const auto row = [&](int y) {
            y = std::min(std::max(y, area.top), area.bottom);
            return &pixels.values[std::size_t(y - area.top) * width];
        };
        const auto is_highest = [&](int x, int y, float value) {
            const int right = std::min(x + radius, area.right);
            for (int other = y - radius; other <= y + radius; ++other) {
                const float* values = row(other) - area.left;
                for (int column = std::max(x - radius, area.left); column <= right; ++column) {
                    if (values[column] > value) return false;
                }
            }
            return true;
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
            may_be_peak[0] = own[0] > least;
            may_be_peak[width - 1] = own[width - 1] > least;
            if (!(any | may_be_peak[0] | may_be_peak[width - 1])) continue;
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
