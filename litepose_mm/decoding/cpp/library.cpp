// The decoder's steps as a library for litepose_mm.decoding.compiled, which says what they do.
//
// Arrays are contiguous and belong to the caller. Nothing here keeps state, so several threads may
// call it.

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

#include "grouping.h"
#include "maps.h"
#include "missing.h"
#include "offsets.h"
#include "peaks.h"

#define EXPORTED extern "C" __attribute__((visibility("default")))

namespace {

using namespace litepose;

// Maps and the two sizes to which they are interpolated one after the other.
struct View {
    const float* data;
    std::int32_t channels, height, width;
    std::int32_t sizes[4];

    BilinearMaps maps() const {
        return BilinearMaps({data, channels, height, width},
                            {{sizes[0], sizes[1]}, {sizes[2], sizes[3]}});
    }
};

}  // namespace

/// Whether this library has the functions that the Python package expects; raise the number in
/// both when a function changes.
EXPORTED std::int32_t litepose_interface() { return 1; }

/// Reads the values at `count` pixels.
EXPORTED void litepose_at(const View* view, std::int64_t count, const std::int64_t* channel,
                          const std::int64_t* y, const std::int64_t* x, float* values) {
    const BilinearMaps maps = view->maps();
    for (std::int64_t i = 0; i < count; ++i) {
        values[i] = maps.at(int(channel[i]), int(y[i]), int(x[i]));
    }
}

/// Returns the number of bounds for each map, see litepose_find_peaks.
EXPORTED std::int32_t litepose_num_bounds(const View* view) { return view->maps().num_blocks(); }

/// Finds the peaks of every map: `counts` (K,); `values`, `y` and `x` (K, capacity).
///
/// @param bounds Written for litepose_find_missing, (K, number).
/// @return Whether all maps are finite; if not, nothing counts.
EXPORTED std::int32_t litepose_find_peaks(const View* view, double threshold, std::int32_t kernel,
                                          std::int32_t capacity, std::int64_t* counts,
                                          float* values, std::int64_t* y, std::int64_t* x,
                                          float* bounds) {
    const BilinearMaps heatmaps = view->maps();
    for (int channel = 0; channel < heatmaps.channels(); ++channel) {
        const std::vector<float> highest = heatmaps.highest(channel);
        if (!heatmaps.is_finite(channel)) return 0;
        bounds = std::copy(highest.begin(), highest.end(), bounds);
        const std::vector<Peak> peaks =
            find_peaks(heatmaps, channel, highest, threshold, kernel, capacity);
        counts[channel] = std::int64_t(peaks.size());
        std::size_t index = std::size_t(channel) * capacity;
        for (const Peak& peak : peaks) {
            values[index] = peak.value;
            y[index] = peak.y;
            x[index++] = peak.x;
        }
    }
    return 1;
}

/// Groups the candidates of all keypoints, one keypoint after another in `values`, `tags` and
/// `people`. `counts` and `order` are (K,).
EXPORTED void litepose_group_by_tags(std::int32_t num_keypoints, std::int32_t tag_dim,
                                     const std::int64_t* counts, const float* values,
                                     const float* tags, const std::int64_t* order,
                                     double tag_threshold, std::int32_t max_match,
                                     std::int64_t* people) {
    std::vector<Candidates> candidates;
    for (int keypoint = 0; keypoint < num_keypoints; ++keypoint) {
        const int count = int(counts[keypoint]);
        candidates.push_back({count, values, tags});
        values += count;
        tags += std::size_t(count) * tag_dim;
    }
    for (const std::vector<int>& own :
         group_by_tags(candidates, tag_dim, {order, order + num_keypoints}, tag_threshold,
                       max_match)) {
        people = std::copy(own.begin(), own.end(), people);
    }
}

/// Writes offsets in x and y, (count, 2).
EXPORTED void litepose_quarter_offsets(const View* view, std::int64_t count,
                                       const std::int64_t* channel, const std::int64_t* y,
                                       const std::int64_t* x, std::int32_t ties_to_zero,
                                       float* offsets) {
    const BilinearMaps heatmaps = view->maps();
    for (std::int64_t i = 0; i < count; ++i) {
        const Offset offset =
            quarter_offset(heatmaps, int(channel[i]), int(x[i]), int(y[i]), ties_to_zero != 0);
        offsets[2 * i] = offset.x;
        offsets[2 * i + 1] = offset.y;
    }
}

/// Finds `count` missing keypoints; `person_tags` is (count, L), and `bounds` may be null.
EXPORTED void litepose_find_missing(const View* heatmap_view, const float* bounds,
                                    const View* tag_view,
                                    std::int64_t count, const std::int64_t* keypoint,
                                    const float* person_tags, float tag_weight, std::int64_t* y,
                                    std::int64_t* x, float* values) {
    const BilinearMaps heatmaps = heatmap_view->maps(), tags = tag_view->maps();
    const int tag_dim = tags.channels() / heatmaps.channels();
    std::map<int, MissingSearch> searches;  // one for each keypoint
    for (std::int64_t i = 0; i < count; ++i) {
        const int own = int(keypoint[i]);
        auto search = searches.find(own);
        if (search == searches.end()) {
            const float* first = bounds + std::size_t(own) * heatmaps.num_blocks();
            search = searches
                         .try_emplace(own, heatmaps,
                                      bounds ? std::vector<float>(first, first + heatmaps.num_blocks())
                                             : heatmaps.highest(own),
                                      tags, own, tag_weight)
                         .first;
        }
        const Place place = search->second.find(person_tags + i * tag_dim);
        y[i] = place.y;
        x[i] = place.x;
        values[i] = place.value;
    }
}
