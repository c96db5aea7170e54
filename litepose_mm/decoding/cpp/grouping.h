// Grouping the candidates of all keypoints into people by their tags.
#pragma once

#include <vector>

namespace litepose {

/// The candidates of one keypoint, in memory that another object owns.
struct Candidates {
    int count;
    const float* values;  ///< (count,), of the heatmap
    const float* tags;    ///< (count, L)
};

/// Groups candidates into people, keypoint by keypoint (HigherHRNet, `match_by_tag`).
///
/// @param candidates For each keypoint.
/// @param tag_dim Number of tags per candidate, L.
/// @param order The order of the keypoints.
/// @param tag_threshold Tags at this distance or more begin a new person.
/// @param max_match Later candidates only join the first `max_match` people.
/// @return For each keypoint, the person of each candidate. People are numbered in the order in
///     which they were found. If a person has several candidates, the last one counts.
std::vector<std::vector<int>> group_by_tags(const std::vector<Candidates>& candidates, int tag_dim,
                                            const std::vector<int>& order, double tag_threshold,
                                            int max_match);

}  // namespace litepose
