// The three steps from an image to people: preprocessing, network, decoding.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "card.h"
#include "decoder.h"
#include "network.h"
#include "resize.h"

namespace litepose {

using Milliseconds = std::chrono::duration<double, std::milli>;

/// What was computed for one image, and how long each step took.
struct Estimate {
    People people;  ///< with positions in pixels of the image
    int width, height;
    std::vector<float> input;
    std::vector<Output> outputs;
    Milliseconds preprocessing, network, decoding;
};

class Estimator {
public:
    /// @param folder Folder that `litepose export --engine tvm` wrote.
    /// @param threads Number of threads of the network; by default, TVM's own.
    /// @throws Error The folder does not contain a model that runs here.
    Estimator(const std::filesystem::path& folder, std::optional<int> threads);

    /// Finds the people on an image.
    Estimate estimate(const Image& image);

    const Card& card() const { return card_; }
    const Decoder& decoder() const { return *decoder_; }

private:
    std::vector<float> normalised(const Image& image) const;

    Card card_;
    std::unique_ptr<ResizeRule> rule_;
    std::unique_ptr<Decoder> decoder_;
    Network network_;
};

}  // namespace litepose
