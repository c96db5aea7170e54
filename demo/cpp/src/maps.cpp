#include "maps.h"

#include <algorithm>

namespace litepose {

// Half-pixel centres, clamped at the border, in float like torch's.
BilinearMaps::Axis::Axis(int size, int source_size) {
    const float scale = float(double(source_size) / size);
    for (int i = 0; i < size; ++i) {
        const float position = std::max((float(i) + 0.5f) * scale - 0.5f, 0.0f);
        const int first = std::min(int(position), source_size - 1);
        const float share = position - float(first);
        low.push_back(first);
        high.push_back(std::min(first + 1, source_size - 1));
        low_weight.push_back(1 - share);
        high_weight.push_back(share);
    }
}

BilinearMaps::BilinearMaps(const Maps& source, const std::vector<Size>& sizes)
    : source_(source), size_{source.height, source.width} {
    for (const Size& next : sizes) {
        if (next.height == size_.height && next.width == size_.width) continue;
        levels_.push_back({Axis(next.height, size_.height), Axis(next.width, size_.width)});
        size_ = next;
    }
}

void BilinearMaps::read(int channel, const Range& range, std::vector<float>& target) const {
    target.resize(std::size_t(range.bottom - range.top + 1) * (range.right - range.left + 1));
    float* value = target.data();
    for (int y = range.top; y <= range.bottom; ++y) {
        for (int x = range.left; x <= range.right; ++x) *value++ = at(channel, y, x);
    }
}

std::vector<Range> BilinearMaps::blocks(int side) const {
    std::vector<Range> result;
    for (int top = 0; top < height(); top += side) {
        for (int left = 0; left < width(); left += side) {
            result.push_back({top, std::min(top + side, height()) - 1, left,
                              std::min(left + side, width()) - 1});
        }
    }
    return result;
}

BilinearMaps::Bounds BilinearMaps::bounds(int channel, Range range) const {
    for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
        range = {level->rows.low[range.top], level->rows.high[range.bottom],
                 level->columns.low[range.left], level->columns.high[range.right]};
    }
    const float* row = source_.channel(channel) + std::size_t(range.top) * source_.width;
    Bounds result{row[range.left], row[range.left]};
    for (int y = range.top; y <= range.bottom; ++y, row += source_.width) {
        for (int x = range.left; x <= range.right; ++x) {
            result.lowest = std::min(result.lowest, row[x]);
            result.highest = std::max(result.highest, row[x]);
        }
    }
    return result;
}

}  // namespace litepose
