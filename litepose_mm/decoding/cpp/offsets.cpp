#include "offsets.h"

#include <algorithm>

namespace litepose {

Offset quarter_offset(const BilinearMaps& heatmaps, int keypoint, int x, int y,
                      bool ties_to_zero) {
    const int width = heatmaps.width(), height = heatmaps.height();
    const float slope_x = heatmaps.at(keypoint, y, std::min(x + 1, width - 1)) -
                          heatmaps.at(keypoint, y, std::max(x - 1, 0));
    const float slope_y = heatmaps.at(keypoint, std::min(y + 1, height - 1), x) -
                          heatmaps.at(keypoint, std::max(y - 1, 0), x);
    const auto quarter = [&](float slope, bool is_inside) {
        if (ties_to_zero && (!is_inside || slope == 0)) return 0.0f;
        return slope > 0 ? 0.25f : -0.25f;
    };
    return {quarter(slope_x, x > 1 && x < width - 1 && y > 0),
            quarter(slope_y, y > 1 && y < height - 1 && x > 0)};
}

}  // namespace litepose
