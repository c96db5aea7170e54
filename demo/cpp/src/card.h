// The card of an exported model: everything that must be known besides the network itself.
#pragma once

#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "error.h"

namespace litepose {

using Json = nlohmann::ordered_json;

/// Reads the fields of an object in the card and checks them.
class Fields {
public:
    /// @param where Name of the object in the card, for messages; empty for the card itself.
    Fields(const Json& object, std::string where);

    const Json& value(const std::string& name) const;
    Fields object(const std::string& name) const;
    bool flag(const std::string& name) const;
    int integer(const std::string& name, int lowest = 1, int highest = 1 << 16) const;
    std::optional<int> integer_or_null(const std::string& name) const;
    double number(const std::string& name, double lowest, double highest) const;
    std::string text(const std::string& name) const;
    std::string choice(const std::string& name, const std::vector<std::string>& choices) const;
    /// A list of integers; `count` is its length, or -1 for any.
    std::vector<int> integers(const std::string& name, int count, int lowest, int highest) const;

    /// @throws Error There are fields that nobody has asked for, perhaps of a newer version.
    void check_all_read() const;

    /// Returns the error that a field has another value than was expected.
    Error wrong(const std::string& name, const std::string& expected, const Json& got) const;

private:
    const Json& object_;
    std::string where_;
    mutable std::set<std::string> read_;
};

/// The contents of `model.json`. docs/deploy.md describes the fields.
struct Card {
    std::string name;
    std::filesystem::path library;
    int height;  ///< of the network's input in pixels
    int width;
    bool is_rgb;  ///< whether the input's channels are red, green and blue, or the reverse
    std::array<float, 3> mean;
    std::array<float, 3> std;
    int num_keypoints;
    Json resize;    ///< see make_resize_rule
    Json decoder;   ///< see make_decoder
    Json skeleton;  ///< printed with the results
};

/// Reads the card of an exported folder and checks the library against its hash.
///
/// @throws Error There is no such folder or card, the card is invalid or was written for another
///     engine, or the library is damaged or made for another processor.
Card read_card(const std::filesystem::path& folder);

}  // namespace litepose
