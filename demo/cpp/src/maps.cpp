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

float BilinearMaps::read(std::size_t level, int channel, int y, int x) const {
    if (level == 0) return source_.channel(channel)[std::size_t(y) * source_.width + x];
    const auto& [rows, columns] = levels_[level - 1];
    const float left = columns.low_weight[x], right = columns.high_weight[x];
    const auto along = [&](int row) {
        return left * read(level - 1, channel, row, columns.low[x]) +
               right * read(level - 1, channel, row, columns.high[x]);
    };
    return rows.low_weight[y] * along(rows.low[y]) + rows.high_weight[y] * along(rows.high[y]);
}

void BilinearMaps::dense(int channel, float* target) const {
    if (levels_.empty()) {
        std::copy_n(source_.channel(channel), std::size_t(size_.height) * size_.width, target);
        return;
    }
    const auto& [rows, columns] = levels_.back();
    // Rows of the source that are as wide as the view. Neighbouring rows of the view share them.
    struct Wide {
        int row = -1;
        std::vector<float> values;
    } upper, lower;
    const auto widen = [&, &columns = columns](int row, Wide& wide) {
        if (wide.row == row) return;
        wide.row = row;
        wide.values.resize(size_.width);
        for (int x = 0; x < size_.width; ++x) {
            wide.values[x] =
                columns.low_weight[x] * read(levels_.size() - 1, channel, row, columns.low[x]) +
                columns.high_weight[x] * read(levels_.size() - 1, channel, row, columns.high[x]);
        }
    };
    for (int y = 0; y < size_.height; ++y) {
        if (lower.row == rows.low[y]) std::swap(upper, lower);
        widen(rows.low[y], upper);
        widen(rows.high[y], lower);
        const float above = rows.low_weight[y], below = rows.high_weight[y];
        for (int x = 0; x < size_.width; ++x) {
            *target++ = above * upper.values[x] + below * lower.values[x];
        }
    }
}

BilinearMaps::Range BilinearMaps::at_source(Range range) const {
    for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
        range = {level->rows.low[range.top], level->rows.high[range.bottom],
                 level->columns.low[range.left], level->columns.high[range.right]};
    }
    return range;
}

}  // namespace litepose
