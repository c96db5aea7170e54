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

float BilinearMaps::at_level(std::size_t level, int channel, int y, int x) const {
    if (level == 0) return source_.channel(channel)[std::size_t(y) * source_.width + x];
    const auto& [rows, columns] = levels_[level - 1];
    const auto along = [&, &columns = columns](int row) {
        return columns.low_weight[x] * at_level(level - 1, channel, row, columns.low[x]) +
               columns.high_weight[x] * at_level(level - 1, channel, row, columns.high[x]);
    };
    return rows.low_weight[y] * along(rows.low[y]) + rows.high_weight[y] * along(rows.high[y]);
}

void BilinearMaps::read(int channel, const Range& range, std::vector<float>& target) const {
    target.clear();
    const bool is_direct = levels_.size() == 1;  // the usual case, which is worth being quick
    for (int y = range.top; y <= range.bottom; ++y) {
        if (!is_direct) {
            for (int x = range.left; x <= range.right; ++x) target.push_back(at(channel, y, x));
            continue;
        }
        const auto& [rows, columns] = levels_[0];
        const float* upper = source_.channel(channel) + std::size_t(rows.low[y]) * source_.width;
        const float* lower = source_.channel(channel) + std::size_t(rows.high[y]) * source_.width;
        const float above = rows.low_weight[y], below = rows.high_weight[y];
        for (int x = range.left; x <= range.right; ++x) {
            const int low = columns.low[x], high = columns.high[x];
            const float left = columns.low_weight[x], right = columns.high_weight[x];
            target.push_back(above * (left * upper[low] + right * upper[high]) +
                             below * (left * lower[low] + right * lower[high]));
        }
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
