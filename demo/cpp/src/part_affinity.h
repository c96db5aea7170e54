// The decoder of part affinity fields: Lightweight OpenPose.
#pragma once

#include <memory>

#include "decoder.h"

namespace litepose {

/// Returns the decoder that equals litepose_mm.decoding.PartAffinity.
///
/// @param fields The decoder's fields in the card.
/// @throws Error The card is invalid.
std::unique_ptr<Decoder> make_part_affinity(const Card& card, const Fields& fields);

}  // namespace litepose
