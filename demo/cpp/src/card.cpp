#include "card.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>

#include "files.h"
#include "processor.h"
#include "sha256.h"

namespace litepose {
namespace {

constexpr int kFormatVersion = 5;
constexpr double kLargest = 1 << 16;  // larger numbers in a card would exhaust the memory

Json parse(const std::filesystem::path& path) {
    if (!std::filesystem::exists(path)) {
        throw Error("expected a folder with an exported model, but " + path.string() +
                    " does not exist; create one with `litepose export --engine tvm`");
    }
    const std::string text = read_file(path, "model card");
    try {
        return Json::parse(text);
    } catch (const Json::exception& error) {
        // Without the name of the exception, and without the bytes that were read last.
        std::string reason = error.what();
        reason = reason.substr(reason.find(']') + 2);
        reason = reason.substr(0, reason.find("; last read"));
        throw Error("expected JSON in " + path.string() + ", but it is invalid: " + reason +
                    "; export again");
    }
}

std::array<float, 3> three_numbers(const Fields& card, const std::string& name, double lowest) {
    const Json& list = card.value(name);
    std::array<float, 3> numbers{};
    const bool fits = list.is_array() && list.size() == 3 &&
                      std::all_of(list.begin(), list.end(), [&](const Json& each) {
                          return each.is_number() && each.get<double>() >= lowest &&
                                 each.get<double>() <= kLargest;
                      });
    if (!fits) throw card.wrong(name, "three numbers", list);
    std::transform(list.begin(), list.end(), numbers.begin(),
                   [](const Json& each) { return each.get<float>(); });
    return numbers;
}

// A name must not lead out of the folder.
bool is_plain_name(const std::string& name) {
    return !name.empty() && name[0] != '.' &&
           std::all_of(name.begin(), name.end(), [](unsigned char c) {
               return std::isalnum(c) || (c && std::strchr("._+-", c));
           });
}

bool is_library(const std::string& name) {
    return name.size() > 3 && name.compare(name.size() - 3, 3, ".so") == 0;
}

// Checks the model's files against their hashes and returns the library.
std::filesystem::path checked_library(const std::filesystem::path& folder, const Fields& card) {
    const Json& files = card.value("files");
    const auto wrong = [&] {
        return card.wrong("files", "names of files with their sha256, among them one *.so", files);
    };
    if (!files.is_object()) throw wrong();
    std::filesystem::path library;
    for (const auto& [name, hash] : files.items()) {
        if (!is_plain_name(name) || !hash.is_string()) throw wrong();
        const std::filesystem::path path = folder / name;
        const std::string bytes = read_file(path, "model's file");
        const std::string expected = hash, found = sha256(bytes);
        if (found != expected) {
            throw Error(path.string() + ": expected the sha256 " + expected.substr(0, 12) +
                        "… given in model.json, got " + found.substr(0, 12) +
                        "…: the file is truncated or damaged, or the card belongs to another "
                        "model; copy the whole folder again, or export again");
        }
        if (!is_library(name)) continue;
        if (!library.empty()) throw wrong();
        check_processor(bytes, path.string());
        library = path;
    }
    if (library.empty()) throw wrong();
    return library;
}

}  // namespace

Fields::Fields(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object.is_object()) throw Error("model card: " + where_ + ": expected a JSON object");
}

Error Fields::wrong(const std::string& name, const std::string& expected, const Json& got) const {
    std::string text = got.dump(-1, ' ', true, Json::error_handler_t::replace);
    if (text.size() > 200) text = text.substr(0, 200) + " …";
    return Error("model card: " + where_ + (where_.empty() ? "" : ".") + name + ": expected " +
                 expected + ", got " + text + "; export again");
}

const Json& Fields::value(const std::string& name) const {
    read_.insert(name);
    const auto found = object_.find(name);
    if (found == object_.end()) throw wrong(name, "a value", "nothing");
    return *found;
}

void Fields::check_all_read() const {
    for (const auto& [name, own] : object_.items()) {
        if (!read_.count(name)) throw wrong(name, "no such field", own);
    }
}

Fields Fields::object(const std::string& name) const {
    return {value(name), where_ + (where_.empty() ? "" : ".") + name};
}

bool Fields::flag(const std::string& name) const {
    const Json& own = value(name);
    if (!own.is_boolean()) throw wrong(name, "true or false", own);
    return own;
}

int Fields::integer(const std::string& name, int lowest, int highest) const {
    const Json& own = value(name);
    const double number = own.is_number_integer() ? own.get<double>() : NAN;
    if (!(number >= lowest && number <= highest)) {
        throw wrong(
            name,
            "a whole number from " + std::to_string(lowest) + " to " + std::to_string(highest),
            own);
    }
    return static_cast<int>(number);
}

std::optional<int> Fields::integer_or_null(const std::string& name) const {
    if (value(name).is_null()) return std::nullopt;
    return integer(name);
}

double Fields::number(const std::string& name, double lowest, double highest) const {
    const Json& own = value(name);
    const double number = own.is_number() ? own.get<double>() : NAN;
    if (!(number >= lowest && number <= highest)) {
        throw wrong(name, "a number from " + Json(lowest).dump() + " to " + Json(highest).dump(),
                    own);
    }
    return number;
}

std::string Fields::text(const std::string& name) const {
    const Json& own = value(name);
    if (!own.is_string() || own.get_ref<const std::string&>().empty()) {
        throw wrong(name, "a text", own);
    }
    return own;
}

std::string Fields::choice(const std::string& name, const std::vector<std::string>& choices) const {
    const std::string own = text(name);
    if (std::find(choices.begin(), choices.end(), own) == choices.end()) {
        std::string all;
        for (const std::string& each : choices) all += (all.empty() ? "" : ", ") + each;
        throw wrong(name, all, own);
    }
    return own;
}

std::vector<int> Fields::integers(const std::string& name, int count, int lowest,
                                  int highest) const {
    const Json& own = value(name);
    const bool fits = own.is_array() && (count < 0 || own.size() == std::size_t(count)) &&
                      std::all_of(own.begin(), own.end(), [&](const Json& each) {
                          return each.is_number_integer() && each.get<double>() >= lowest &&
                                 each.get<double>() <= highest;
                      });
    if (!fits) {
        throw wrong(name,
                    (count < 0 ? "" : std::to_string(count) + " ") + std::string("whole numbers ") +
                        "from " + std::to_string(lowest) + " to " + std::to_string(highest),
                    own);
    }
    return own.get<std::vector<int>>();
}

Card read_card(const std::filesystem::path& folder) {
    const Json document = parse(folder / "model.json");
    const Fields card(document, "");
    if (card.value("format_version") != kFormatVersion) {
        throw card.wrong(
            "format_version",
            std::to_string(kFormatVersion) + ", the only version that this program supports",
            card.value("format_version"));
    }
    if (card.text("engine") != "tvm") {
        throw Error("expected a model for the engine tvm, but " + folder.string() +
                    " contains one for " + card.text("engine") +
                    "; export it with `litepose export --engine tvm`");
    }
    Card result;
    result.name = card.text("name");
    const std::vector<int> shape = card.integers("input_shape", 2, 1, kLargest);
    result.height = shape[0], result.width = shape[1];
    result.is_rgb = card.choice("channel_order", {"rgb", "bgr"}) == "rgb";
    result.mean = three_numbers(card, "mean", -kLargest);
    result.std = three_numbers(card, "std", 1e-6);
    result.resize = card.value("resize");
    result.decoder = card.value("decoder");
    result.skeleton = card.value("skeleton");
    const Json& names = card.object("skeleton").value("keypoint_names");
    if (!names.is_array() || names.empty() || names.size() > kLargest) {
        throw card.wrong("skeleton", "names of keypoints", names);
    }
    result.num_keypoints = static_cast<int>(names.size());
    result.library = checked_library(folder, card);
    return result;
}

}  // namespace litepose
