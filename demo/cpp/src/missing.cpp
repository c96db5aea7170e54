#include "missing.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace litepose {
namespace {

constexpr int kSide = 16;  // of the blocks in pixels
// Allowance for the rounding of floats in bounds of tags' distances and of costs around 100.
constexpr float kSlack = 1e-4f;

}  // namespace

struct MissingSearch::Best {
    Place place{0, 0, 0};
    float score = -std::numeric_limits<float>::infinity();
    std::vector<float> values;  // of the block that is looked at

    void update(float own, int x, int y, float value) {
        const bool is_earlier = y < place.y || (y == place.y && x < place.x);
        if (own > score || (own == score && is_earlier)) {
            score = own;
            place = {x, y, value};
        }
    }
};

MissingSearch::MissingSearch(const BilinearMaps& heatmaps, const BilinearMaps& tags, int keypoint,
                             float tag_weight)
    : heatmaps_(heatmaps),
      tags_(tags),
      keypoint_(keypoint),
      tag_weight_(tag_weight),
      blocks_(heatmaps.blocks(kSide)) {
    for (const Range& block : blocks_) {
        highest_.push_back(heatmaps.bounds(keypoint, block).highest);
        for (int channel = keypoint; channel < tags.channels(); channel += heatmaps.channels()) {
            tag_bounds_.push_back(tags.bounds(channel, block));
        }
    }
}

Place MissingSearch::find(const std::vector<float>& person_tag) const {
    std::vector<Promise> promises;
    for (std::size_t i = 0; i < blocks_.size(); ++i) promises.push_back(promise(i, person_tag));
    // The most promising block is always looked at next. Once a pixel is better than any in the
    // others could be, the search ends.
    const auto is_less = [](const Promise& one, const Promise& other) {
        return one.score < other.score;
    };
    std::make_heap(promises.begin(), promises.end(), is_less);
    Best best;
    while (!promises.empty() && promises.front().score >= best.score) {
        look(promises.front(), person_tag, best);
        std::pop_heap(promises.begin(), promises.end(), is_less);
        promises.pop_back();
    }
    return best.place;
}

MissingSearch::Promise MissingSearch::promise(std::size_t block,
                                              const std::vector<float>& person_tag) const {
    float squared = 0;
    for (std::size_t i = 0; i < person_tag.size(); ++i) {
        const auto [lowest, highest] = tag_bounds_[block * person_tag.size() + i];
        const float gap = std::max({lowest - person_tag[i], person_tag[i] - highest, 0.0f});
        squared += gap * gap;
    }
    const float least = penalty(squared, -kSlack);
    return {highest_[block] + kSlack - least, least, block};
}

void MissingSearch::look(const Promise& promise, const std::vector<float>& person_tag,
                         Best& best) const {
    const Range& block = blocks_[promise.block];
    const int width = block.right - block.left + 1;
    heatmaps_.read(keypoint_, block, best.values);
    const auto score = [&](std::vector<float>::const_iterator value) {
        const int index = int(value - best.values.begin());
        const int x = block.left + index % width, y = block.top + index / width;
        float squared = 0;
        for (std::size_t i = 0; i < person_tag.size(); ++i) {
            const int channel = int(i) * heatmaps_.channels() + keypoint_;
            const float difference = tags_.at(channel, y, x) - person_tag[i];
            squared += difference * difference;
        }
        best.update(*value - penalty(squared, 0), x, y, *value);
    };
    // The pixel with the highest heatmap value comes first; it rules out most others without
    // reading their tags, which costs more.
    score(std::max_element(best.values.begin(), best.values.end()));
    for (auto value = best.values.begin(); value != best.values.end(); ++value) {
        if (*value + kSlack - promise.penalty >= best.score) score(value);
    }
}

float MissingSearch::penalty(float squared_distance, float slack) const {
    return tag_weight_ * std::nearbyint(std::sqrt(squared_distance) + slack);
}

}  // namespace litepose
