// The decoder of part affinity fields: Lightweight OpenPose.
#pragma once

#include <memory>

#include "decoder.h"

namespace litepose {

/// Returns the decoder that equals litepose_mm.decoding.PartAffinity.
std::unique_ptr<Decoder> make_part_affinity(const Card& card);

}  // namespace litepose
