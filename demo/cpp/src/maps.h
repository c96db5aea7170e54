// Maps that a network computes, and the same maps interpolated to another size.
#pragma once

#include <cstddef>
#include <vector>

namespace litepose {

/// Maps (channels, height, width) in memory that another object owns.
struct Maps {
    const float* data = nullptr;
    int channels = 0;
    int height = 0;
    int width = 0;

    const float* channel(int index) const { return data + std::size_t(index) * height * width; }
};

/// The first and the last of some rows and columns.
struct Range {
    int top, bottom, left, right;
};

/// Maps seen at another size through bilinear interpolation, only at the pixels that are read.
///
/// The view equals torch's `interpolate(maps, size, mode='bilinear', align_corners=False)`.
class BilinearMaps {
public:
    struct Size {
        int height, width;
    };
    struct Bounds {
        float lowest, highest;
    };

    /// @param sizes At most two sizes to which the maps are interpolated one after the other.
    BilinearMaps(const Maps& source, const std::vector<Size>& sizes);

    int height() const { return size_.height; }
    int width() const { return size_.width; }
    int channels() const { return source_.channels; }

    /// Divides the view into squares of pixels; the last ones may be smaller.
    std::vector<Range> blocks(int side) const;

    float at(int channel, int y, int x) const {
        const float* map = source_.channel(channel);
        const auto source = [&](int row, int column) {
            return map[std::size_t(row) * source_.width + column];
        };
        if (levels_.empty()) return source(y, x);
        const auto once = [&](int row, int column) { return mix(levels_[0], row, column, source); };
        return levels_.size() == 1 ? once(y, x) : mix(levels_[1], y, x, once);
    }

    /// Writes the values in a range of pixels to `target`, row by row.
    void read(int channel, const Range& range, std::vector<float>& target) const;

    /// Returns bounds of the values in a range of pixels, up to rounding, without interpolating
    /// any: they lie between the smallest and the largest of the source's pixels that they read.
    Bounds bounds(int channel, Range range) const;

private:
    // The two source positions that each position reads, and their weights.
    struct Axis {
        std::vector<int> low, high;
        std::vector<float> low_weight, high_weight;
        Axis(int size, int source_size);
    };
    struct Level {
        Axis rows, columns;
    };

    // Interpolates between four values that `read(row, column)` returns.
    template <class Read>
    static float mix(const Level& level, int y, int x, const Read& read) {
        const auto& [rows, columns] = level;
        const int low = columns.low[x], high = columns.high[x];
        const float left = columns.low_weight[x], right = columns.high_weight[x];
        const float above = left * read(rows.low[y], low) + right * read(rows.low[y], high);
        const float below = left * read(rows.high[y], low) + right * read(rows.high[y], high);
        return rows.low_weight[y] * above + rows.high_weight[y] * below;
    }

    Maps source_;
    Size size_;
    std::vector<Level> levels_;
};

}  // namespace litepose
