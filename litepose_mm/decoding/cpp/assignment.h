// Assigning candidates to people at the lowest cost.
#pragma once

#include <vector>

namespace litepose {

/// Assigns every candidate to a person, or to none.
///
/// The cost of a pair is `100 * round(distance) - value`; each person takes at most one candidate.
///
/// @param distances Distances of tags, (candidates, people), both at least 1.
/// @param num_candidates Number of candidates.
/// @param values Heatmap values of the candidates.
/// @param threshold Pairs at this distance or more do not match.
/// @return The person of each candidate, or -1.
std::vector<int> assign(const std::vector<double>& distances, int num_candidates,
                        const float* values, double threshold);

}  // namespace litepose
