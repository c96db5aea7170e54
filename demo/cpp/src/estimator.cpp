#include "estimator.h"

namespace litepose {
namespace {

// Maps positions to the original image. Missing keypoints stay at (0, 0).
void to_original(People& people, const Resized& resized) {
    for (std::size_t i = 0; i < people.keypoint_scores.size(); ++i) {
        float* own = &people.keypoints[2 * i];
        const auto place = resized.to_original(own[0], own[1]);
        const bool found = people.keypoint_scores[i] != 0;
        own[0] = found ? place[0] : 0, own[1] = found ? place[1] : 0;
    }
}

}  // namespace

Estimator::Estimator(const std::filesystem::path& folder, std::optional<int> threads)
    : card_(read_card(folder)),
      rule_(make_resize_rule(card_)),
      decoder_(make_decoder(card_)),
      network_(card_, threads) {}

Estimate Estimator::estimate(const Image& image) {
    using Clock = std::chrono::steady_clock;
    Estimate result;
    result.width = image.width, result.height = image.height;
    const auto start = Clock::now();
    const Resized resized = rule_->resize(image, card_.width, card_.height);
    result.input = normalised(resized.image);
    const auto prepared = Clock::now();
    result.outputs = network_.run(result.input);
    if (result.outputs.size() != decoder_->output_names().size()) {
        throw Error("the model does not match its card: expected " +
                    std::to_string(decoder_->output_names().size()) + " outputs, got " +
                    std::to_string(result.outputs.size()) + "; export it again");
    }
    const auto computed = Clock::now();
    result.people = decoder_->decode(result.outputs, resized.box);
    to_original(result.people, resized);
    result.preprocessing = prepared - start;
    result.network = computed - prepared;
    result.decoding = Clock::now() - computed;
    return result;
}

std::vector<float> Estimator::normalised(const Image& image) const {
    const std::size_t size = std::size_t(image.width) * image.height;
    std::vector<float> input(3 * size);
    for (int channel = 0; channel < 3; ++channel) {
        // The value of each of the 256 levels.
        std::array<float, 256> table{};
        for (int level = 0; level < 256; ++level) {
            table[level] = (float(level) - card_.mean[channel]) / card_.std[channel];
        }
        const std::uint8_t* source = image.rgb.data() + (card_.is_rgb ? channel : 2 - channel);
        float* target = input.data() + channel * size;
        for (std::size_t i = 0; i < size; ++i) target[i] = table[source[3 * i]];
    }
    return input;
}

}  // namespace litepose
