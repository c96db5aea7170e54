// Grouping the candidates of all keypoints into people by their tags.
#pragma once

#include <vector>

namespace litepose {

/// A peak of a keypoint's heatmap.
struct Candidate {
    int x, y;
    float value;
    std::vector<float> tag;
};

/// A person: a candidate for each keypoint, with the value 0 where one is missing.
using Group = std::vector<Candidate>;

/// Groups candidates into people, keypoint by keypoint (HigherHRNet, `match_by_tag`).
///
/// @param candidates For each keypoint, its candidates, best first.
/// @param order The order of the keypoints.
/// @param tag_threshold Tags at this distance or more begin a new person.
/// @param max_match Later candidates only join the first `max_match` people.
/// @return The people in the order in which they were found.
std::vector<Group> group_by_tags(const std::vector<std::vector<Candidate>>& candidates,
                                 const std::vector<int>& order, double tag_threshold,
                                 int max_match);

}  // namespace litepose
