#include "part_affinity.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "cubic.h"
#include "outputs.h"

namespace litepose {
namespace {

// Two parts of the body that a field joins.
struct Limb {
    int start, end, field;
    bool only_fills;  // whether it only adds a missing end to people
};

// The body and how people are found; see litepose_mm.decoding.PartAffinityRules.
struct Rules {
    int num_parts, num_keypoints;
    std::vector<int> keypoint_parts;  // for each keypoint, its part
    std::vector<Limb> limbs;
    int upsample, samples, min_keypoints, top_k;
    double keypoint_threshold, suppression, field_threshold, min_success, min_mean_score;

    Rules(const Fields& fields, int num_keypoints)
        : num_keypoints(num_keypoints),
          upsample(fields.integer("upsample", 1, 8)),
          samples(fields.integer("samples", 2, 1000)),
          min_keypoints(fields.integer("min_keypoints")),
          top_k(fields.integer("top_k")),
          keypoint_threshold(fields.number("keypoint_threshold", 1e-30, 1e30)),
          suppression(fields.number("suppression", 1e-30, 1e30)),
          field_threshold(fields.number("field_threshold", 0, 1)),
          min_success(fields.number("min_success", 0, 1)),
          min_mean_score(fields.number("min_mean_score", 0, 1e30)) {
        const Fields body = fields.object("body");
        read_parts(body);
        read_limbs(body);
        if (body.integer("num_keypoints") != num_keypoints) {
            throw body.wrong("num_keypoints",
                             std::to_string(num_keypoints) + ", as in the skeleton",
                             body.value("num_keypoints"));
        }
        body.check_all_read();
        fields.check_all_read();
    }

private:
    void read_parts(const Fields& body) {
        const Json& parts = body.value("parts");
        if (!parts.is_array() || parts.empty() || parts.size() > 1000) {
            throw body.wrong("parts", "a list of keypoints for each part", parts);
        }
        num_parts = int(parts.size());
        for (int keypoint = 0; keypoint < num_keypoints; ++keypoint) {
            const auto found = std::find(parts.begin(), parts.end(), Json::array({keypoint}));
            if (found == parts.end()) {
                throw body.wrong("parts", "each keypoint as a part of its own", parts);
            }
            keypoint_parts.push_back(int(found - parts.begin()));
        }
    }

    void read_limbs(const Fields& body) {
        const Json& list = body.value("limbs");
        if (!list.is_array() || list.empty() || list.size() > 1000) {
            throw body.wrong("limbs", "a list of limbs", list);
        }
        const auto is_index = [](const Json& value, int count) {
            return value.is_number_unsigned() && value.get<std::uint64_t>() < std::uint64_t(count);
        };
        for (const Json& each : list) {
            if (!each.is_array() || each.size() != 4 || !is_index(each[0], num_parts) ||
                !is_index(each[1], num_parts) || !is_index(each[2], int(list.size())) ||
                !each[3].is_boolean()) {
                throw body.wrong("limbs", "start, end, field and whether it only fills", each);
            }
            limbs.push_back({each[0], each[1], each[2], each[3]});
        }
    }
};

// A keypoint of any person, in pixels of the enlarged maps.
struct Found {
    int part, x, y;
    float score;
};

// Two keypoints by their indices, and how well the field between them agrees.
struct Connection {
    int start, end;
    double score;
};

struct Pose {
    std::vector<int> ids;  // for each part, the index of the keypoint, or -1
    double score;
    int count;  // of the keypoints in the score
};

// Finds pixels above the threshold that exceed their four neighbours. Of those that are too close,
// the first in the order of x stays, whatever the scores.
std::vector<Found> find_keypoints(const CubicMaps& heatmaps, const Rules& rules) {
    const int height = heatmaps.height(), width = heatmaps.width();
    std::vector<float> map(std::size_t(height) * width);
    std::vector<Found> result;
    for (int part = 0; part < rules.num_parts; ++part) {
        heatmaps.dense(part, map.data());
        const auto at = [&](int x, int y) {
            const bool inside = x >= 0 && x < width && y >= 0 && y < height;
            return inside ? map[std::size_t(y) * width + x] : 0.0f;
        };
        std::vector<Found> own;
        for (int y = 0; y < height; ++y) {
            for (int x = 0; x < width; ++x) {
                const float value = map[std::size_t(y) * width + x];
                if (value >= float(rules.keypoint_threshold) && value > at(x - 1, y) &&
                    value > at(x + 1, y) && value > at(x, y - 1) && value > at(x, y + 1)) {
                    own.push_back({part, x, y, value});
                }
            }
        }
        if (own.size() > std::size_t(rules.top_k)) {
            std::stable_sort(own.begin(), own.end(),
                             [](const Found& a, const Found& b) { return a.score > b.score; });
            own.resize(rules.top_k);
        }
        std::sort(own.begin(), own.end(), [](const Found& a, const Found& b) {
            return a.x != b.x ? a.x < b.x : a.y < b.y;
        });
        const std::size_t first = result.size();
        for (const Found& each : own) {
            const bool is_close =
                std::any_of(result.begin() + first, result.end(), [&](const Found& kept) {
                    const double x = each.x - kept.x, y = each.y - kept.y;
                    return x * x + y * y < rules.suppression * rules.suppression;
                });
            if (!is_close) result.push_back(each);
        }
    }
    return result;
}

// Connects keypoints greedily by the field between them, best first; each end is used once.
std::vector<Connection> connect(const CubicMaps& fields, const std::vector<Found>& keypoints,
                                const Limb& limb, const Rules& rules) {
    std::vector<Connection> pairs;
    for (int end = 0; end < int(keypoints.size()); ++end) {
        if (keypoints[end].part != limb.end) continue;
        for (int start = 0; start < int(keypoints.size()); ++start) {
            if (keypoints[start].part != limb.start) continue;
            const float x0 = float(keypoints[start].x), y0 = float(keypoints[start].y);
            const float dx = float(keypoints[end].x) - x0, dy = float(keypoints[end].y) - y0;
            const float length = std::max(std::sqrt(dx * dx + dy * dy), 1.0f);
            const float unit_x = dx / length, unit_y = dy / length;
            float sum = 0;
            int count = 0;
            for (int i = 0; i < rules.samples; ++i) {
                const float along = float(i) / float(rules.samples - 1);
                const int x = int(std::nearbyint(x0 + dx * along));
                const int y = int(std::nearbyint(y0 + dy * along));
                const float agreement = fields.at(2 * limb.field, y, x) * unit_x +
                                        fields.at(2 * limb.field + 1, y, x) * unit_y;
                if (agreement > float(rules.field_threshold)) sum += agreement, ++count;
            }
            if (count > rules.min_success * rules.samples) {
                pairs.push_back({start, end, double(sum) / count});
            }
        }
    }
    std::stable_sort(pairs.begin(), pairs.end(),
                     [](const Connection& a, const Connection& b) { return a.score > b.score; });
    std::set<int> used;
    std::vector<Connection> chosen;
    for (const Connection& pair : pairs) {
        if (used.count(pair.start) || used.count(pair.end)) continue;
        used.insert({pair.start, pair.end});
        chosen.push_back(pair);
    }
    return chosen;
}

// Adds the connections of a limb to the people. A connection extends every person who has its
// start; without one, it begins a person.
void extend(std::vector<Pose>& people, const std::vector<Connection>& connections, const Limb& limb,
            const std::vector<Found>& keypoints, const Rules& rules) {
    for (const auto& [start, end, score] : connections) {
        if (limb.only_fills) {
            for (Pose& person : people) {
                int &own_start = person.ids[limb.start], &own_end = person.ids[limb.end];
                if (own_start == start && own_end == -1) {
                    own_end = end;
                } else if (own_end == end && own_start == -1) {
                    own_start = start;
                }
            }
            continue;
        }
        bool is_known = false;
        for (Pose& person : people) {
            if (person.ids[limb.start] != start) continue;
            is_known = true;
            person.ids[limb.end] = end;
            person.score += double(keypoints[end].score) + score;
            person.count += 1;
        }
        if (is_known) continue;
        Pose person{std::vector<int>(rules.num_parts, -1),
                    double(keypoints[start].score) + double(keypoints[end].score) + score, 2};
        person.ids[limb.start] = start, person.ids[limb.end] = end;
        people.push_back(std::move(person));
    }
}

class PartAffinity : public Decoder {
public:
    PartAffinity(const Card& card, const Fields& fields)
        : rules_(fields.object("rules"), card.num_keypoints),
          stride_(fields.integer("stride")),
          offset_(fields.number("offset", -65536, 65536)),
          height_(card.height),
          width_(card.width) {
        fields.check_all_read();
    }

    std::vector<std::string> output_names() const override { return {"heatmaps", "fields"}; }

    People decode(const std::vector<Output>& outputs,
                  const std::optional<Box>& box) const override {
        const int height = height_ / stride_, width = width_ / stride_;
        check_output(outputs.at(0), "heatmaps", {rules_.num_parts + 1, height, width});
        check_output(outputs.at(1), "fields", {int(2 * rules_.limbs.size()), height, width});
        Output visible;  // a copy where a border is hidden
        if (box) visible = without_border(outputs[0], *box, width_, height_);

        const CubicMaps heatmaps(as_maps(box ? visible : outputs[0]), rules_.upsample);
        const CubicMaps fields(as_maps(outputs[1]), rules_.upsample);
        const std::vector<Found> keypoints = find_keypoints(heatmaps, rules_);
        std::vector<Pose> people;
        for (const Limb& limb : rules_.limbs) {
            extend(people, connect(fields, keypoints, limb, rules_), limb, keypoints, rules_);
        }
        return to_people(people, keypoints);
    }

private:
    People to_people(const std::vector<Pose>& poses, const std::vector<Found>& keypoints) const {
        const auto num_scoring = std::count_if(rules_.limbs.begin(), rules_.limbs.end(),
                                               [](const Limb& limb) { return !limb.only_fills; });
        // The authors' score for COCO, as a share of its highest value; its root is about linear.
        const double highest =
            double(rules_.num_parts + num_scoring) * std::max(rules_.num_parts - 1, 1);
        const double scale = double(stride_) / rules_.upsample;
        People people;
        people.num_keypoints = rules_.num_keypoints;
        for (const Pose& pose : poses) {
            const bool is_person = pose.count >= rules_.min_keypoints &&
                                   pose.score / pose.count >= rules_.min_mean_score;
            if (!is_person) continue;
            people.scores.push_back(
                float(std::sqrt(pose.score * std::max(pose.count - 1, 0) / highest)));
            for (const int part : rules_.keypoint_parts) {
                const int id = pose.ids[part];
                people.keypoint_scores.push_back(id < 0 ? 0 : keypoints[id].score);
                for (const int position :
                     {id < 0 ? 0 : keypoints[id].x, id < 0 ? 0 : keypoints[id].y}) {
                    people.keypoints.push_back(id < 0 ? 0 : float(position * scale + offset_));
                }
            }
        }
        return people;
    }

    Rules rules_;
    int stride_;
    double offset_;
    int height_, width_;
};

}  // namespace

std::unique_ptr<Decoder> make_part_affinity(const Card& card, const Fields& fields) {
    return std::make_unique<PartAffinity>(card, fields);
}

}  // namespace litepose
