#include "maps.h"

#include <algorithm>

namespace litepose {
namespace {

constexpr int kSide = 16;  // of the blocks in pixels

}  // namespace

// Half-pixel centres, clamped at the border, in float like torch's.
BilinearMaps::Axis::Axis(int size, int source_size)
    : low(size), high(size), low_weight(size), high_weight(size) {
    const float scale = float(double(source_size) / size);
    for (int i = 0; i < size; ++i) {
        const float position = std::max((float(i) + 0.5f) * scale - 0.5f, 0.0f);
        low[i] = std::min(int(position), source_size - 1);
        high[i] = std::min(low[i] + 1, source_size - 1);
        high_weight[i] = position - float(low[i]);
        low_weight[i] = 1 - high_weight[i];
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

void BilinearMaps::read(int channel, const Range& range, Pixels& pixels) const {
    // The source as if it were a range of level -1.
    const float* values = source_.channel(channel);
    Range own{0, source_.height - 1, 0, source_.width - 1};
    if (levels_.empty()) {
        const int width = range.right - range.left + 1;
        pixels.values.resize(std::size_t(range.bottom - range.top + 1) * width);
        for (int y = range.top; y <= range.bottom; ++y) {
            const float* row = values + std::size_t(y) * source_.width + range.left;
            std::copy(row, row + width, &pixels.values[std::size_t(y - range.top) * width]);
        }
        return;
    }
    if (levels_.size() == 2) {
        const Range middle = levels_[1].reads(range);
        levels_[0].interpolate(values, own, middle, pixels.scratch[0], pixels.scratch[1]);
        values = pixels.scratch[1].data();
        own = middle;
    }
    levels_.back().interpolate(values, own, range, pixels.scratch[0], pixels.values);
}

Range BilinearMaps::Level::reads(const Range& range) const {
    return {rows.low[range.top], rows.high[range.bottom], columns.low[range.left],
            columns.high[range.right]};
}

void BilinearMaps::Level::interpolate(const float* source, const Range& source_range,
                                      const Range& range, std::vector<float>& wide,
                                      std::vector<float>& target) const {
    const int source_width = source_range.right - source_range.left + 1;
    const int width = range.right - range.left + 1;
    // Along x first, because several rows read the same row of the source.
    const int first = rows.low[range.top], last = rows.high[range.bottom];
    wide.resize(std::size_t(last - first + 1) * width);
    const int* low = &columns.low[range.left];
    const int* high = &columns.high[range.left];
    const float* left = &columns.low_weight[range.left];
    const float* right = &columns.high_weight[range.left];
    for (int y = first; y <= last; ++y) {
        const float* row = source + std::ptrdiff_t(y - source_range.top) * source_width;
        float* out = &wide[std::size_t(y - first) * width];
        for (int i = 0; i < width; ++i) {
            out[i] = left[i] * row[low[i] - source_range.left] +
                     right[i] * row[high[i] - source_range.left];
        }
    }
    target.resize(std::size_t(range.bottom - range.top + 1) * width);
    for (int y = range.top; y <= range.bottom; ++y) {
        const float* above = &wide[std::size_t(rows.low[y] - first) * width];
        const float* below = &wide[std::size_t(rows.high[y] - first) * width];
        const float upper = rows.low_weight[y], lower = rows.high_weight[y];
        float* out = &target[std::size_t(y - range.top) * width];
        for (int i = 0; i < width; ++i) out[i] = upper * above[i] + lower * below[i];
    }
}

bool BilinearMaps::is_finite(int channel) const {
    // The difference of a number and itself is 0. Several sums need not wait for each other.
    constexpr int kSums = 16;
    float sums[kSums] = {};
    const float* value = source_.channel(channel);
    const float* end = value + std::size_t(source_.height) * source_.width;
    for (; end - value >= kSums; value += kSums) {
        for (int i = 0; i < kSums; ++i) sums[i] += value[i] - value[i];
    }
    for (; value < end; ++value) sums[0] += *value - *value;
    return std::all_of(sums, sums + kSums, [](float sum) { return sum == 0; });
}

int BilinearMaps::num_blocks() const {
    return (height() + kSide - 1) / kSide * ((width() + kSide - 1) / kSide);
}

Range BilinearMaps::block(int index) const {
    const int columns = (width() + kSide - 1) / kSide;
    const int top = index / columns * kSide, left = index % columns * kSide;
    return {top, std::min(top + kSide, height()) - 1, left, std::min(left + kSide, width()) - 1};
}

std::vector<BilinearMaps::Span> BilinearMaps::source_spans(int size, Axis Level::* axis) const {
    std::vector<Span> spans;
    for (int first = 0; first < size; first += kSide) {
        Span span{first, std::min(first + kSide, size) - 1};
        for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
            span = {((*level).*axis).low[span.first], ((*level).*axis).high[span.last]};
        }
        spans.push_back(span);
    }
    return spans;
}

template <class Pick>
std::vector<float> BilinearMaps::bound(int channel, const Pick& pick) const {
    const std::vector<Span> rows = source_spans(height(), &Level::rows);
    const std::vector<Span> columns = source_spans(width(), &Level::columns);
    const int width = source_.width;
    int longest = 0;
    for (const auto& [first, last] : columns) longest = std::max(longest, last - first + 1);
    std::vector<float> result;
    result.reserve(rows.size() * columns.size());
    // The picks of 1, 2, 4, … columns of pixels from each one on. Two of them cover a block.
    std::vector<std::vector<float>> picks;
    for (int length = 1; length <= longest; length *= 2) picks.emplace_back(width);
    for (const Span& own : rows) {
        const float* row = source_.channel(channel) + std::size_t(own.first) * width;
        float* column = picks[0].data();
        std::copy(row, row + width, column);
        for (int y = own.first; y < own.last; ++y) {
            row += width;
            for (int x = 0; x < width; ++x) column[x] = pick(row[x], column[x]);
        }
        for (std::size_t i = 1; i < picks.size(); ++i) {
            const float* half = picks[i - 1].data();
            float* whole = picks[i].data();
            const int step = 1 << (i - 1);
            for (int x = 0; x < width - 2 * step + 1; ++x) whole[x] = pick(half[x], half[x + step]);
        }
        for (const auto& [first, last] : columns) {
            int i = 0;
            while (2 << i <= last - first + 1) ++i;
            result.push_back(pick(picks[i][first], picks[i][last - (1 << i) + 1]));
        }
    }
    return result;
}

std::vector<float> BilinearMaps::lowest(int channel) const {
    return bound(channel, [](float one, float other) { return one < other ? one : other; });
}

std::vector<float> BilinearMaps::highest(int channel) const {
    return bound(channel, [](float one, float other) { return one > other ? one : other; });
}

}  // namespace litepose
