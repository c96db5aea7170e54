#include "cubic.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace litepose {

CubicMaps::CubicMaps(const Maps& source, int factor) : source_(source), factor_(factor) {
    constexpr float a = -0.75f;  // the slope that OpenCV's cubic has
    for (int i = 0; i < factor; ++i) {
        const float position = float((i + 0.5) / factor - 0.5);
        const float share = position - std::floor(position);
        auto& own = weights_[i];
        own[0] = ((a * (share + 1) - 5 * a) * (share + 1) + 8 * a) * (share + 1) - 4 * a;
        own[1] = ((a + 2) * share - (a + 3)) * share * share + 1;
        own[2] = ((a + 2) * (1 - share) - (a + 3)) * (1 - share) * (1 - share) + 1;
        own[3] = 1 - own[0] - own[1] - own[2];
    }
}

CubicMaps::Taps CubicMaps::taps(int position, int size) const {
    const int within = position % factor_;
    // The first half of a pixel lies between it and the one before.
    const int first = position / factor_ - (2 * within + 1 < factor_ ? 2 : 1);
    Taps result{{}, weights_[within]};
    for (int i = 0; i < 4; ++i) result.places[i] = std::clamp(first + i, 0, size - 1);
    return result;
}

float CubicMaps::at(int channel, int y, int x) const {
    const Taps rows = taps(y, source_.height), columns = taps(x, source_.width);
    float sum = 0;
    for (int i = 0; i < 4; ++i) {
        const float* row = source_.channel(channel) + std::size_t(rows.places[i]) * source_.width;
        float along = 0;
        for (int j = 0; j < 4; ++j) along += row[columns.places[j]] * columns.weights[j];
        sum += along * rows.weights[i];
    }
    return sum;
}

void CubicMaps::dense(int channel, float* target) const {
    // Each row of the source at its full width.
    std::vector<float> wide(std::size_t(source_.height) * width());
    for (int x = 0; x < width(); ++x) {
        const Taps columns = taps(x, source_.width);
        for (int y = 0; y < source_.height; ++y) {
            const float* row = source_.channel(channel) + std::size_t(y) * source_.width;
            float along = 0;
            for (int j = 0; j < 4; ++j) along += row[columns.places[j]] * columns.weights[j];
            wide[std::size_t(y) * width() + x] = along;
        }
    }
    for (int y = 0; y < height(); ++y) {
        const Taps rows = taps(y, source_.height);
        std::fill_n(target, width(), 0.0f);
        for (int i = 0; i < 4; ++i) {
            const float* row = &wide[std::size_t(rows.places[i]) * width()];
            for (int x = 0; x < width(); ++x) target[x] += row[x] * rows.weights[i];
        }
        target += width();
    }
}

}  // namespace litepose
