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
    /// @param highest The bounds `heatmaps.highest(keypoint)`.
    /// @param tags (L * K) maps of tags at the same size, keypoints fastest.
    /// @param tag_weight 1 for the authors' rule, 100 for MMPose's.
    MissingSearch(const BilinearMaps& heatmaps, std::vector<float> highest,
                  const BilinearMaps& tags, int keypoint, float tag_weight);

    /// Returns the pixel with the highest `heatmap - tag_weight * round(|tag - person_tag|)`; of
    /// equal ones, the first in reading order.
    ///
    /// @param person_tag L numbers.
    Place find(const float* person_tag);

private:
    // The best pixel so far.
    struct Best;

    void bound_blocks(const float* person_tag);
    void look(int block, const float* person_tag, Best& best);

    const BilinearMaps& heatmaps_;
    const BilinearMaps& tags_;
    int keypoint_;
    float tag_weight_;
    float tag_slack_ = 0;
    std::vector<float> highest_;  // a bound of the heatmap in each block
    std::vector<std::vector<float>> lowest_tags_, highest_tags_;  // for each tag and block
    // For each block, the least penalty of its pixels for a person, and a bound of their scores.
    std::vector<float> penalty_, bound_;
    BilinearMaps::Pixels values_, tag_;
    std::vector<float> scores_;
};

}  // namespace litepose
