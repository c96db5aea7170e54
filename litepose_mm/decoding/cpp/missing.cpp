#include "missing.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace litepose {
namespace {

// Allowance for the rounding of floats in bounds: absolute, and as a fraction of the values, beyond
// which interpolation may round.
constexpr float kSlack = 1e-4f, kRounding = 2e-6f;

float largest(const std::vector<float>& values) {
    float result = 0;
    for (const float value : values) result = std::max(result, std::abs(value));
    return result;
}

// Rounds like std::nearbyint, ties to even, without a call: floats have no room for halves at 2^23.
float rounded(float number) {
    constexpr float kWhole = 8388608.0f;
    return number < kWhole ? (number + kWhole) - kWhole : number;
}

}  // namespace

struct MissingSearch::Best {
    Place place{0, 0, 0};
    float score = -std::numeric_limits<float>::infinity();

    void update(float own, int x, int y, float value) {
        const bool is_earlier = y < place.y || (y == place.y && x < place.x);
        if (own > score || (own == score && is_earlier)) {
            score = own;
            place = {x, y, value};
        }
    }
};

MissingSearch::MissingSearch(const BilinearMaps& heatmaps, std::vector<float> highest,
                             const BilinearMaps& tags, int keypoint, float tag_weight)
    : heatmaps_(heatmaps),
      tags_(tags),
      keypoint_(keypoint),
      tag_weight_(tag_weight),
      highest_(std::move(highest)),
      penalty_(highest_.size()),
      bound_(highest_.size()) {
    for (int channel = keypoint; channel < tags.channels(); channel += heatmaps.channels()) {
        lowest_tags_.push_back(tags.lowest(channel));
        highest_tags_.push_back(tags.highest(channel));
        const float tag = std::max(largest(lowest_tags_.back()), largest(highest_tags_.back()));
        tag_slack_ = std::max(tag_slack_, kSlack + kRounding * tag);
    }
    // An allowance in the bounds of all scores.
    const float slack = kSlack + kRounding * largest(highest_);
    for (float& value : highest_) value += slack;
}

Place MissingSearch::find(const float* person_tag) {
    bound_blocks(person_tag);
    Best best;
    best.place.value = heatmaps_.at(keypoint_, 0, 0);
    const auto first = std::max_element(bound_.begin(), bound_.end());
    look(int(first - bound_.begin()), person_tag, best);
    *first = -std::numeric_limits<float>::infinity();
    // The most promising of the other blocks come first. Once a pixel is better than any in the
    // rest could be, the search ends.
    std::vector<int> others;
    for (int block = 0; block < int(bound_.size()); ++block) {
        if (bound_[block] >= best.score) others.push_back(block);
    }
    std::sort(others.begin(), others.end(),
              [&](int one, int other) { return bound_[one] > bound_[other]; });
    for (const int block : others) {
        if (bound_[block] < best.score) break;
        look(block, person_tag, best);
    }
    return best.place;
}

void MissingSearch::bound_blocks(const float* person_tag) {
    const std::size_t count = bound_.size();
    std::fill(penalty_.begin(), penalty_.end(), 0.0f);
    for (std::size_t i = 0; i < lowest_tags_.size(); ++i) {
        const float* lowest = lowest_tags_[i].data();
        const float* highest = highest_tags_[i].data();
        const float own = person_tag[i];
        for (std::size_t block = 0; block < count; ++block) {
            const float below = lowest[block] - own, above = own - highest[block];
            const float outside = below > above ? below : above;
            const float gap = outside > 0 ? outside : 0;
            penalty_[block] += gap * gap;
        }
    }
    for (std::size_t block = 0; block < count; ++block) {
        penalty_[block] = tag_weight_ * rounded(std::sqrt(penalty_[block]) - tag_slack_);
        bound_[block] = highest_[block] - penalty_[block];
    }
}

void MissingSearch::look(int index, const float* person_tag, Best& best) {
    const Range block = heatmaps_.block(index);
    heatmaps_.read(keypoint_, block, values_);
    const float* values = values_.values.data();
    const int count = int(values_.values.size());
    const float highest = *std::max_element(values, values + count);
    if (highest - penalty_[index] < best.score) return;
    scores_.assign(count, 0.0f);  // first the squared distances of the tags
    for (std::size_t i = 0; i < lowest_tags_.size(); ++i) {
        tags_.read(int(i) * heatmaps_.channels() + keypoint_, block, tag_);
        for (int pixel = 0; pixel < count; ++pixel) {
            const float difference = tag_.values[pixel] - person_tag[i];
            scores_[pixel] += difference * difference;
        }
    }
    for (int pixel = 0; pixel < count; ++pixel) {
        scores_[pixel] = values[pixel] - tag_weight_ * rounded(std::sqrt(scores_[pixel]));
    }
    const float* first = scores_.data();
    const int pixel = int(std::max_element(first, first + count) - first);
    const int width = block.right - block.left + 1;
    best.update(scores_[pixel], block.left + pixel % width, block.top + pixel / width,
                values[pixel]);
}

}  // namespace litepose
