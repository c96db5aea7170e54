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
    /// The values in a range of pixels, row by row.
    struct Pixels {
        std::vector<float> values;
        std::vector<float> scratch[2];
    };

    /// @param sizes At most two sizes to which the maps are interpolated one after the other.
    BilinearMaps(const Maps& source, const std::vector<Size>& sizes);

    int height() const { return size_.height; }
    int width() const { return size_.width; }
    int channels() const { return source_.channels; }

    float at(int channel, int y, int x) const {
        const float* map = source_.channel(channel);
        const auto source = [&](int row, int column) {
            return map[std::size_t(row) * source_.width + column];
        };
        if (levels_.empty()) return source(y, x);
        const auto once = [&](int row, int column) { return mix(levels_[0], row, column, source); };
        return levels_.size() == 1 ? once(y, x) : mix(levels_[1], y, x, once);
    }

    /// Reads the values in a range of pixels.
    void read(int channel, const Range& range, Pixels& pixels) const;

    /// Whether all values are numbers.
    bool is_finite(int channel) const;

    /// Number of blocks into which the view is divided, of 16x16 pixels or less at the end.
    int num_blocks() const;
    Range block(int index) const;

    /// Returns bounds of the values in each block, up to rounding, without interpolating any: they
    /// lie between the lowest and the highest of the source's pixels that they read.
    std::vector<float> lowest(int channel) const;
    std::vector<float> highest(int channel) const;

private:
    // The two source positions that each position reads, and their weights.
    struct Axis {
        std::vector<int> low, high;
        std::vector<float> low_weight, high_weight;
        Axis(int size, int source_size);
    };
    struct Level {
        Axis rows, columns;

        // Returns the range of the source that a range reads.
        Range reads(const Range& range) const;
        // Interpolates to a range; `source` has the values of `source_range`.
        void interpolate(const float* source, const Range& source_range, const Range& range,
                         std::vector<float>& wide, std::vector<float>& target) const;
    };
    // The first and the last of some positions along one axis.
    struct Span {
        int first, last;
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

    // Returns the positions of the source that each block of one axis reads.
    std::vector<Span> source_spans(int size, Axis Level::* axis) const;

    // Returns the lowest or the highest of the source's pixels that each block reads.
    template <class Pick>
    std::vector<float> bound(int channel, const Pick& pick) const;

    Maps source_;
    Size size_;
    std::vector<Level> levels_;
};

}  // namespace litepose
