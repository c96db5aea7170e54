// Reading whole files.
#pragma once

#include <filesystem>
#include <string>

namespace litepose {

/// Returns a file's bytes.
///
/// @param what What the file is, for messages, e.g. "image".
/// @throws Error The file does not exist or cannot be read.
std::string read_file(const std::filesystem::path& path, const std::string& what);

}  // namespace litepose
