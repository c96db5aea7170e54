#include "associative_embedding.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "grouping.h"
#include "maps.h"
#include "missing.h"
#include "offsets.h"
#include "outputs.h"
#include "peaks.h"

namespace litepose {
namespace {

constexpr int kNoLimit = std::numeric_limits<int>::max();

// How people are found; see litepose_mm.decoding.AssociativeEmbeddingDecoder.
struct Rules {
    int num_keypoints;
    std::vector<int> keypoint_order;
    int nms_kernel, top_k;
    double keypoint_threshold, tag_threshold;
    int max_people, keep_best;
    std::string offset, missing, limit;

    explicit Rules(const Fields& fields)
        : num_keypoints(fields.integer("num_keypoints")),
          keypoint_order(fields.integers("keypoint_order", num_keypoints, 0, num_keypoints - 1)),
          nms_kernel(fields.integer("nms_kernel")),
          top_k(fields.integer("top_k")),
          keypoint_threshold(fields.number("keypoint_threshold", 0, 1e30)),
          tag_threshold(fields.number("tag_threshold", 1e-30, 1e30)),
          max_people(fields.integer_or_null("max_people").value_or(kNoLimit)),
          keep_best(fields.integer_or_null("keep_best").value_or(kNoLimit)),
          offset(fields.choice("offset", {"litepose", "mmpose", "none", "udp"})),
          missing(fields.choice("missing", {"litepose", "mmpose", "none"})),
          limit(fields.choice("limit", {"litepose", "mmpose"})) {
        if (nms_kernel % 2 == 0) throw fields.wrong("nms_kernel", "an odd number", nms_kernel);
        if (std::set<int>(keypoint_order.begin(), keypoint_order.end()).size() !=
            keypoint_order.size()) {
            throw fields.wrong("keypoint_order", "each keypoint once", keypoint_order);
        }
        fields.check_all_read();
    }
};

// A keypoint of a person; its value is 0 if it is missing.
struct Keypoint {
    int x = 0, y = 0;
    float value = 0;
    std::vector<float> tag;
};
using Group = std::vector<Keypoint>;

float mean_value(const Group& group) {
    float sum = 0;
    for (const Keypoint& each : group) sum += each.value;
    return sum / float(group.size());
}

std::vector<float> mean_tag(const Group& group, int tag_dim) {
    std::vector<float> sum(tag_dim);
    float count = 0;
    for (const Keypoint& each : group) {
        if (!(each.value > 0)) continue;
        for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += each.tag[i];
        count += 1;
    }
    for (float& each : sum) each /= std::max(count, 1.0f);
    return sum;
}

class AssociativeEmbedding : public Decoder {
public:
    AssociativeEmbedding(const Card& card, const Fields& fields)
        : rules_(fields.object("rules")),
          tag_dim_(fields.integer("tag_dim")),
          stride_(fields.integer("stride")),
          restores_size_(fields.flag("restore_heatmap_size")),
          height_(card.height),
          width_(card.width) {
        if (rules_.num_keypoints != card.num_keypoints) {
            throw fields.object("rules").wrong(
                "num_keypoints", std::to_string(card.num_keypoints) + ", as in the skeleton",
                rules_.num_keypoints);
        }
        fields.check_all_read();
    }

    std::vector<std::string> output_names() const override { return {"heatmaps", "tags"}; }

    People decode(const std::vector<Output>& outputs,
                  const std::optional<Box>& box) const override {
        const int count = rules_.num_keypoints;
        check_output(outputs.at(0), "heatmaps", {count, height_ / stride_, width_ / stride_});
        check_output(outputs.at(1), "tags", {tag_dim_ * count, -1, -1});
        Output visible;  // a copy where a border is hidden
        if (box) visible = without_border(outputs[0], *box, width_, height_);

        const Maps maps = as_maps(box ? visible : outputs[0]);
        const BilinearMaps::Size map_size{maps.height, maps.width};
        const BilinearMaps::Size size =
            restores_size_ ? BilinearMaps::Size{height_, width_} : map_size;
        const BilinearMaps heatmaps(maps, {size});
        // The authors interpolate tags to the size of the heatmaps first.
        const BilinearMaps tags(as_maps(outputs[1]), {map_size, size});
        std::vector<std::vector<float>> highest;
        for (int keypoint = 0; keypoint < count; ++keypoint) {
            highest.push_back(heatmaps.highest(keypoint));
        }
        return refine(best(grouped(heatmaps, highest, tags)), heatmaps, highest, tags);
    }

private:
    using Bounds = std::vector<std::vector<float>>;  // for each keypoint and block

    std::vector<Group> grouped(const BilinearMaps& heatmaps, const Bounds& highest,
                               const BilinearMaps& tags) const {
        const int count = rules_.num_keypoints;
        std::vector<std::vector<Peak>> peaks;
        std::vector<std::vector<float>> values(count), peak_tags(count);
        std::vector<Candidates> candidates;
        for (int keypoint = 0; keypoint < count; ++keypoint) {
            peaks.push_back(find_peaks(heatmaps, keypoint, highest[keypoint],
                                       rules_.keypoint_threshold, rules_.nms_kernel,
                                       rules_.top_k));
            for (const Peak& peak : peaks.back()) {
                values[keypoint].push_back(peak.value);
                for (int channel = keypoint; channel < tags.channels(); channel += count) {
                    peak_tags[keypoint].push_back(tags.at(channel, peak.y, peak.x));
                }
            }
            candidates.push_back({int(peaks.back().size()), values[keypoint].data(),
                                  peak_tags[keypoint].data()});
        }
        const bool authors = rules_.limit == "litepose";
        const auto people = group_by_tags(candidates, tag_dim_, rules_.keypoint_order,
                                          rules_.tag_threshold,
                                          authors ? rules_.max_people : kNoLimit);
        std::vector<Group> groups;
        for (int keypoint = 0; keypoint < count; ++keypoint) {
            for (std::size_t i = 0; i < peaks[keypoint].size(); ++i) {
                const std::size_t person = people[keypoint][i];
                if (person >= groups.size()) groups.resize(person + 1, Group(count));
                const Peak& peak = peaks[keypoint][i];
                const float* tag = candidates[keypoint].tags + i * tag_dim_;
                groups[person][keypoint] = {peak.x, peak.y, peak.value, {tag, tag + tag_dim_}};
            }
        }
        if (!authors && groups.size() > std::size_t(rules_.max_people)) {
            groups.resize(rules_.max_people);
        }
        return groups;
    }

    // Keeps the people with the highest scores, in the order in which they were found.
    std::vector<Group> best(std::vector<Group> groups) const {
        if (groups.size() <= std::size_t(rules_.keep_best)) return groups;
        std::vector<int> order(groups.size());
        std::iota(order.begin(), order.end(), 0);
        std::stable_sort(order.begin(), order.end(), [&](int one, int other) {
            return mean_value(groups[one]) > mean_value(groups[other]);
        });
        order.resize(rules_.keep_best);
        std::sort(order.begin(), order.end());
        std::vector<Group> kept;
        for (const int index : order) kept.push_back(std::move(groups[index]));
        return kept;
    }

    People refine(const std::vector<Group>& groups, const BilinearMaps& heatmaps,
                  const Bounds& highest, const BilinearMaps& tags) const {
        const int count = rules_.num_keypoints;
        const float scale_x = float(double(width_) / heatmaps.width());
        const float scale_y = float(double(height_) / heatmaps.height());
        // With `udp`, the first pixel's centre is at 0.
        const float first_centre = rules_.offset == "udp" ? 0.0f : 0.5f;
        const float shift = rules_.offset == "udp" ? 0.5f : 0.0f;

        People people;
        people.num_keypoints = count;
        people.tag_dim = tag_dim_;
        people.keypoints.resize(groups.size() * count * 2);
        people.keypoint_scores.resize(groups.size() * count);
        for (const Group& group : groups) {
            people.scores.push_back(mean_value(group));
            const std::vector<float> tag = mean_tag(group, tag_dim_);
            people.tags.insert(people.tags.end(), tag.begin(), tag.end());
        }
        const auto set = [&](std::size_t person, int keypoint, float x, float y, float value) {
            const std::size_t index = person * count + keypoint;
            const float own_shift = value > 0 ? shift : 0.0f;
            people.keypoint_scores[index] = value;
            people.keypoints[2 * index] = x * scale_x + own_shift * (scale_x - 1);
            people.keypoints[2 * index + 1] = y * scale_y + own_shift * (scale_y - 1);
        };
        const auto set_refined = [&](std::size_t person, int keypoint, int x, int y, float value,
                                     bool ties_to_zero) {
            const Offset offset = quarter_offset(heatmaps, keypoint, x, y, ties_to_zero);
            set(person, keypoint, float(x) + (first_centre + offset.x),
                float(y) + (first_centre + offset.y), value);
        };
        for (int keypoint = 0; keypoint < count; ++keypoint) {
            std::optional<MissingSearch> search;
            for (std::size_t person = 0; person < groups.size(); ++person) {
                const Keypoint& own = groups[person][keypoint];
                if (own.value > 0) {
                    if (rules_.offset == "none") {
                        set(person, keypoint, float(own.x), float(own.y), own.value);
                    } else {
                        set_refined(person, keypoint, own.x, own.y, own.value,
                                    rules_.offset == "mmpose");
                    }
                } else if (rules_.missing != "none") {
                    const bool authors = rules_.missing == "litepose";
                    if (!search) {
                        search.emplace(heatmaps, highest[keypoint], tags, keypoint,
                                       authors ? 1.0f : 100.0f);
                    }
                    const float* tag = &people.tags[person * tag_dim_];
                    const Place place = search->find(tag);
                    if (!authors) {
                        set(person, keypoint, float(place.x), float(place.y), place.value);
                    } else if (place.value > 0) {
                        set_refined(person, keypoint, place.x, place.y, place.value, false);
                    }
                }
            }
        }
        return people;
    }

    Rules rules_;
    int tag_dim_, stride_;
    bool restores_size_;
    int height_, width_;
};

}  // namespace

std::unique_ptr<Decoder> make_associative_embedding(const Card& card, const Fields& fields) {
    return std::make_unique<AssociativeEmbedding>(card, fields);
}

}  // namespace litepose
