// Finding keypoints that a person lacks, below the threshold of peaks.
#pragma once

#include <vector>

#include "maps.h"

namespace litepose {

/// A pixel and its heatmap value.
struct Place {
    int x, y;
    float value;
};

/// Searches the maps of one keypoint for the people who lack it.
class MissingSearch {
public:
    /// @param heatmaps Seen at the size at which people are searched for.
    /// @param tags (L * K) maps of tags at the same size, keypoints fastest.
    /// @param tag_weight 1 for the authors' rule, 100 for MMPose's.
    MissingSearch(const BilinearMaps& heatmaps, const BilinearMaps& tags, int keypoint,
                  float tag_weight);

    /// Returns the pixel with the highest `heatmap - tag_weight * round(|tag - person_tag|)`; of
    /// equal ones, the first in reading order.
    Place find(const std::vector<float>& person_tag) const;

private:
    // A block of pixels with a bound of its pixels' scores for a person.
    struct Promise {
        float score, penalty;
        std::size_t block;
    };
    // The best pixel so far.
    struct Best;

    Promise promise(std::size_t block, const std::vector<float>& person_tag) const;
    void look(const Promise& promise, const std::vector<float>& person_tag, Best& best) const;
    float penalty(float squared_distance, float slack) const;

    const BilinearMaps& heatmaps_;
    const BilinearMaps& tags_;
    int keypoint_;
    float tag_weight_;
    std::vector<Range> blocks_;
    std::vector<float> highest_;                    // for each block
    std::vector<BilinearMaps::Bounds> tag_bounds_;  // for each block and tag
};

}  // namespace litepose
