#include "peaks.h"

#include <algorithm>

namespace litepose {

std::vector<Peak> find_peaks(
    const BilinearMaps& heatmaps, int channel, double threshold, int kernel, int top_k) {
    const int height = heatmaps.height(), width = heatmaps.width(), radius = kernel / 2;
    std::vector<float> map(std::size_t(height) * width);
    heatmaps.dense(channel, map.data());
    const auto is_highest = [&](int x, int y, float value) {
        const int left = std::max(x - radius, 0), right = std::min(x + radius, width - 1);
        const int bottom = std::min(y + radius, height - 1);
        for (int row = std::max(y - radius, 0); row <= bottom; ++row) {
            const float* values = &map[std::size_t(row) * width];
            for (int column = left; column <= right; ++column) {
                if (values[column] > value) return false;
            }
        }
        return true;
    };
    std::vector<Peak> peaks;
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            const float value = map[std::size_t(y) * width + x];
            if (value > threshold && is_highest(x, y, value)) peaks.push_back({x, y, value});
        }
    }
    std::stable_sort(peaks.begin(), peaks.end(),
                     [](const Peak& one, const Peak& other) { return one.value > other.value; });
    if (peaks.size() > std::size_t(top_k)) peaks.resize(top_k);
    return peaks;
}

}  // namespace litepose
