#include "grouping.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "assignment.h"

namespace litepose {
namespace {

// The people's tags, added up, (N, L).
struct TagSums {
    int tag_dim;
    std::vector<float> sums, counts;

    int size() const { return int(counts.size()); }

    double distance(int person, const float* tag) const {
        double squared = 0;
        for (int i = 0; i < tag_dim; ++i) {
            const float mean = sums[std::size_t(person) * tag_dim + i] / counts[person];
            const double difference = double(tag[i]) - double(mean);
            squared += difference * difference;
        }
        return std::sqrt(squared);
    }

    void start(int person, const float* tag) {
        if (person == size()) {
            sums.resize(sums.size() + tag_dim);
            counts.push_back(0);
        }
        std::copy(tag, tag + tag_dim, sums.begin() + std::size_t(person) * tag_dim);
        counts[person] = 1;
    }

    void add(int person, const float* tag) {
        for (int i = 0; i < tag_dim; ++i) sums[std::size_t(person) * tag_dim + i] += tag[i];
        counts[person] += 1;
    }
};

}  // namespace

std::vector<std::vector<int>> group_by_tags(const std::vector<Candidates>& candidates, int tag_dim,
                                            const std::vector<int>& order, double tag_threshold,
                                            int max_match) {
    std::vector<std::vector<int>> people(candidates.size());
    TagSums tags{tag_dim, {}, {}};
    // The authors key people by their first tag, so candidates with exactly the same tag belong to
    // the same person.
    std::map<float, int> person_of_tag;
    std::vector<double> distances;
    for (const int keypoint : order) {
        const Candidates& found = candidates[keypoint];
        std::vector<int>& own = people[keypoint];
        own.assign(found.count, -1);
        const int num_people = std::min(tags.size(), max_match);
        if (found.count > 0 && num_people > 0) {
            distances.clear();
            for (int i = 0; i < found.count; ++i) {
                for (int person = 0; person < num_people; ++person) {
                    distances.push_back(tags.distance(person, found.tags + i * tag_dim));
                }
            }
            own = assign(distances, found.count, found.values, tag_threshold);
        }
        for (int i = 0; i < found.count; ++i) {
            const float* tag = found.tags + i * tag_dim;
            if (own[i] < 0) {
                own[i] = person_of_tag.emplace(tag[0], tags.size()).first->second;
                tags.start(own[i], tag);
            } else {
                tags.add(own[i], tag);
            }
        }
    }
    return people;
}

}  // namespace litepose
