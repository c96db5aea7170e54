// The decoder of heatmaps and tags: LitePose, HigherHRNet, EfficientHRNet.
#pragma once

#include <memory>

#include "decoder.h"

namespace litepose {

/// Returns the decoder that equals litepose_mm.decoding.AssociativeEmbedding.
///
/// @param fields The decoder's fields in the card.
/// @throws Error The card is invalid.
std::unique_ptr<Decoder> make_associative_embedding(const Card& card, const Fields& fields);

}  // namespace litepose
