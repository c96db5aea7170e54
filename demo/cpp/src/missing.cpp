#include "missing.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace litepose {
namespace {

constexpr int kSide = 16;  // of the blocks in pixels
// Allowance for the rounding of floats in bounds of tags' distances and of costs around 100.
constexpr float kSlack = 1e-4f;

std::pair<float, float> extremes(const Maps& maps, int channel, const BilinearMaps::Range& range) {
    float lowest = std::numeric_limits<float>::infinity(), highest = -lowest;
    for (int y = range.top; y <= range.bottom; ++y) {
        const float* row = maps.channel(channel) + std::size_t(y) * maps.width;
        for (int x = range.left; x <= range.right; ++x) {
            lowest = std::min(lowest, row[x]);
            highest = std::max(highest, row[x]);
        }
    }
    return {lowest, highest};
}

}  // namespace

MissingSearch::MissingSearch(const BilinearMaps& heatmaps, const BilinearMaps& tags, int keypoint,
                             float tag_weight)
    : heatmaps_(heatmaps), tags_(tags), keypoint_(keypoint), tag_weight_(tag_weight) {
    const int tag_dim = tags.channels() / heatmaps.channels();
    for (int top = 0; top < heatmaps.height(); top += kSide) {
        for (int left = 0; left < heatmaps.width(); left += kSide) {
            const BilinearMaps::Range range = {top, std::min(top + kSide, heatmaps.height()) - 1,
                                               left, std::min(left + kSide, heatmaps.width()) - 1};
            Block block{top, left, 0, {}, {}};
            block.highest = extremes(heatmaps.source(), keypoint, heatmaps.at_source(range)).second;
            for (int i = 0; i < tag_dim; ++i) {
                const auto [lowest, highest] = extremes(
                    tags.source(), i * heatmaps.channels() + keypoint, tags.at_source(range));
                block.lowest_tag.push_back(lowest);
                block.highest_tag.push_back(highest);
            }
            blocks_.push_back(std::move(block));
        }
    }
}

float MissingSearch::penalty(float squared_distance, float slack) const {
    return tag_weight_ * std::nearbyint(std::sqrt(squared_distance) + slack);
}

Place MissingSearch::find(const std::vector<float>& person_tag) const {
    struct Bound {
        float score, penalty;
        const Block* block;
    };
    std::vector<Bound> bounds;
    for (const Block& block : blocks_) {
        float squared = 0;
        for (std::size_t i = 0; i < person_tag.size(); ++i) {
            const float gap = std::max({block.lowest_tag[i] - person_tag[i],
                                        person_tag[i] - block.highest_tag[i], 0.0f});
            squared += gap * gap;
        }
        const float least = penalty(squared, -kSlack);
        bounds.push_back({block.highest + kSlack - least, least, &block});
    }
    // The most promising blocks come first. Once a pixel is better than any in the rest could be,
    // the search ends.
    std::sort(bounds.begin(), bounds.end(),
              [](const Bound& one, const Bound& other) { return one.score > other.score; });
    Place best{0, 0, 0};
    float best_score = -std::numeric_limits<float>::infinity();
    for (const Bound& bound : bounds) {
        if (bound.score < best_score) break;
        const int bottom = std::min(bound.block->top + kSide, heatmaps_.height());
        const int right = std::min(bound.block->left + kSide, heatmaps_.width());
        for (int y = bound.block->top; y < bottom; ++y) {
            for (int x = bound.block->left; x < right; ++x) {
                const float value = heatmaps_.at(keypoint_, y, x);
                if (value + kSlack - bound.penalty < best_score) continue;  // spares reading tags
                float squared = 0;
                for (std::size_t i = 0; i < person_tag.size(); ++i) {
                    const int channel = int(i) * heatmaps_.channels() + keypoint_;
                    const float difference = tags_.at(channel, y, x) - person_tag[i];
                    squared += difference * difference;
                }
                const float score = value - penalty(squared, 0);
                const bool is_earlier = y < best.y || (y == best.y && x < best.x);
                if (score > best_score || (score == best_score && is_earlier)) {
                    best_score = score;
                    best = {x, y, value};
                }
            }
        }
    }
    return best;
}

}  // namespace litepose
