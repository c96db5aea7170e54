// Finding the peaks of heatmaps.
#pragma once

#include <vector>

#include "maps.h"

namespace litepose {

struct Peak {
    int x, y;
    float value;
};

/// Finds the highest pixels of a heatmap that no pixel in their neighbourhood exceeds.
///
/// @param highest The bounds `heatmaps.highest(channel)`.
/// @param threshold Only values above it count.
/// @param kernel Side of the neighbourhood in pixels, odd.
/// @param top_k Largest number of peaks.
/// @return The peaks, best first; of equal ones, the first in reading order.
std::vector<Peak> find_peaks(const BilinearMaps& heatmaps, int channel,
                             const std::vector<float>& highest, double threshold, int kernel,
                             int top_k);

}  // namespace litepose
