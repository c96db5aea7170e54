#include "writing.h"

#include <charconv>
#include <cstdlib>
#include <fstream>

namespace litepose {
namespace {

// Returns the number whose shortest decimals represent a float, 0.1 instead of 0.100000001.
double shortest(float value) {
    char text[32];
    *std::to_chars(text, text + sizeof text - 1, value).ptr = '\0';
    return std::strtod(text, nullptr);
}

Json numbers(const float* values, std::size_t count) {
    Json list = Json::array();
    for (std::size_t i = 0; i < count; ++i) list.push_back(shortest(values[i]));
    return list;
}

void write_array(const std::filesystem::path& path, const std::vector<int>& shape,
                 const std::vector<float>& values) {
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, ";
    for (const int side : shape) header += std::to_string(side) + ", ";
    header += "), }";
    header.resize((10 + header.size()) / 64 * 64 + 64 - 10 - 1, ' ');
    header += '\n';
    std::ofstream file(path, std::ios::binary);
    file.write("\x93NUMPY\x01\x00", 8);
    const char length[] = {char(header.size() & 255), char(header.size() >> 8)};
    file.write(length, 2) << header;
    file.write(reinterpret_cast<const char*>(values.data()),
               std::streamsize(values.size() * sizeof(float)));
    if (!file.flush()) throw Error("cannot write " + path.string());
}

}  // namespace

std::string to_json(const Estimate& estimate, const std::string& source, const Json& skeleton) {
    const People& people = estimate.people;
    const std::size_t count = people.num_keypoints, tag_dim = people.tag_dim;
    Json result = {{"image_size", {estimate.width, estimate.height}},
                   {"source", source},
                   {"scores", numbers(people.scores.data(), people.scores.size())},
                   {"keypoints", Json::array()},
                   {"keypoint_scores", Json::array()},
                   {"tags", nullptr},
                   {"ids", nullptr},
                   {"skeleton", skeleton}};
    if (tag_dim > 0) result["tags"] = Json::array();
    for (std::size_t person = 0; person < people.scores.size(); ++person) {
        Json keypoints = Json::array();
        for (std::size_t i = person * count; i < (person + 1) * count; ++i) {
            keypoints.push_back(numbers(&people.keypoints[2 * i], 2));
        }
        result["keypoints"].push_back(std::move(keypoints));
        result["keypoint_scores"].push_back(
            numbers(&people.keypoint_scores[person * count], count));
        if (tag_dim > 0) {
            result["tags"].push_back(numbers(&people.tags[person * tag_dim], tag_dim));
        }
    }
    return result.dump(-1, ' ', true, Json::error_handler_t::replace);
}

void write_arrays(const std::filesystem::path& folder, const Estimate& estimate,
                  const Estimator& estimator) {
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    if (failure) throw Error("cannot create " + folder.string() + ": " + failure.message());
    const Card& card = estimator.card();
    write_array(folder / "input.npy", {3, card.height, card.width}, estimate.input);
    const std::vector<std::string> names = estimator.decoder().output_names();
    for (std::size_t i = 0; i < names.size(); ++i) {
        const Output& output = estimate.outputs[i];
        write_array(folder / (names[i] + ".npy"), output.shape, output.values);
    }
}

}  // namespace litepose
