// What the program writes: people as JSON, and arrays as NumPy files.
#pragma once

#include <filesystem>
#include <string>

#include "estimator.h"

namespace litepose {

/// Returns the people of an image as one line of JSON, which litepose_mm's `PoseResult.from_dict`
/// reads.
std::string to_json(const Estimate& estimate, const std::string& source, const Json& skeleton);

/// Writes the network's input and outputs, (1, ...) each, as `input.npy` and `<output>.npy`.
///
/// @throws Error They cannot be written.
void write_arrays(const std::filesystem::path& folder, const Estimate& estimate,
                  const Estimator& estimator);

}  // namespace litepose
