// Bicubic interpolation as OpenCV does it, with half-pixel centres and repeated borders.
#pragma once

#include <array>

#include "maps.h"

namespace litepose {

/// Maps seen enlarged by a whole factor, only at the pixels that are read.
class CubicMaps {
public:
    /// @param factor At most 8.
    CubicMaps(const Maps& source, int factor);

    int height() const { return source_.height * factor_; }
    int width() const { return source_.width * factor_; }

    float at(int channel, int y, int x) const;

    /// Writes a whole map to `target`, (height, width).
    void dense(int channel, float* target) const;

private:
    // The four source positions around a position, and their weights.
    struct Taps {
        std::array<int, 4> places;
        const std::array<float, 4>& weights;
    };
    Taps taps(int position, int size) const;

    Maps source_;
    int factor_;
    std::array<std::array<float, 4>, 8> weights_;  // for each position within a source pixel
};

}  // namespace litepose
