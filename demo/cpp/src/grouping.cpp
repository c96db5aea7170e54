#include "grouping.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "assignment.h"

namespace litepose {
namespace {

struct TagMean {
    std::vector<float> sum;
    float count;
};

double distance(const std::vector<float>& tag, const TagMean& mean) {
    double squared = 0;
    for (std::size_t i = 0; i < tag.size(); ++i) {
        const double difference = double(tag[i]) - double(mean.sum[i] / mean.count);
        squared += difference * difference;
    }
    return std::sqrt(squared);
}

}  // namespace

std::vector<Group> group_by_tags(const std::vector<std::vector<Candidate>>& candidates,
                                 const std::vector<int>& order, double tag_threshold,
                                 int max_match) {
    std::vector<Group> groups;
    std::vector<TagMean> means;
    // The authors key people by their first tag, so candidates with exactly the same tag belong to
    // the same person.
    std::map<float, int> person_of_tag;
    for (const int keypoint : order) {
        const std::vector<Candidate>& found = candidates[keypoint];
        if (found.empty()) continue;
        const std::size_t num_people = std::min<std::size_t>(groups.size(), max_match);
        std::vector<int> people(found.size(), -1);
        if (num_people > 0) {
            std::vector<std::vector<double>> distances;
            std::vector<float> values;
            for (const Candidate& each : found) {
                values.push_back(each.value);
                distances.emplace_back();
                for (std::size_t i = 0; i < num_people; ++i) {
                    distances.back().push_back(distance(each.tag, means[i]));
                }
            }
            people = assign(distances, values, tag_threshold);
        }
        for (std::size_t i = 0; i < found.size(); ++i) {
            const std::vector<float>& tag = found[i].tag;
            int person = people[i];
            if (person < 0) {
                person = person_of_tag.emplace(tag[0], int(groups.size())).first->second;
                if (person == int(groups.size())) {
                    groups.emplace_back(candidates.size());
                    for (Candidate& each : groups.back())
                        each = {0, 0, 0, std::vector<float>(tag.size())};
                    means.emplace_back();
                }
                means[person] = {tag, 1};
            } else {
                for (std::size_t j = 0; j < tag.size(); ++j) means[person].sum[j] += tag[j];
                means[person].count += 1;
            }
            groups[person][keypoint] = found[i];  // if there are several, the last one counts
        }
    }
    return groups;
}

}  // namespace litepose
