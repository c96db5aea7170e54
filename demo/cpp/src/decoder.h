// Decoders turn the outputs of a network into people.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "card.h"
#include "resize.h"

namespace litepose {

/// An output of the network for one input, without the dimension of the batch.
struct Output {
    std::vector<int> shape;
    std::vector<float> values;
};

/// The people in the order in which the decoder created them.
struct People {
    int num_keypoints = 0;
    std::vector<float> keypoints;        ///< x and y in pixels, (N, K, 2); 0 where missing
    std::vector<float> keypoint_scores;  ///< (N, K); 0 where missing
    std::vector<float> scores;           ///< (N,)
    int tag_dim = 0;                     ///< numbers that tell people apart; 0 if there are none
    std::vector<float> tags;             ///< (N, tag_dim)

    int size() const { return int(scores.size()); }
};

class Decoder {
public:
    virtual ~Decoder() = default;

    /// Names of the network's outputs, in order.
    virtual std::vector<std::string> output_names() const = 0;

    /// Finds the people, with positions in pixels of the network's input.
    ///
    /// @param box The part of the input to search; all of it if empty.
    /// @throws Error The outputs have other shapes than the card says, or are not finite.
    virtual People decode(const std::vector<Output>& outputs,
                          const std::optional<Box>& box) const = 0;
};

/// @throws Error The card is invalid, or its decoder is not supported.
std::unique_ptr<Decoder> make_decoder(const Card& card);

}  // namespace litepose
