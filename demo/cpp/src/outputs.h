// Checks of a network's outputs that all decoders share.
#pragma once

#include "decoder.h"
#include "maps.h"

namespace litepose {

/// Checks an output's shape, with -1 for a side of any length, and that its values are finite.
///
/// @throws Error The output does not match the card, or is not finite.
void check_output(const Output& output, const std::string& name, const std::vector<int>& shape);

/// Returns an output (channels, height, width) as maps.
Maps as_maps(const Output& output);

/// Returns heatmaps with zeros at pixels whose centre lies outside the image.
///
/// @param box The part of the input that the image covers.
/// @param width Width of the input in pixels.
/// @param height Height of the input in pixels.
Output without_border(Output heatmaps, const Box& box, int width, int height);

}  // namespace litepose
