// The hash by which the card recognises the model's files.
#pragma once

#include <string>
#include <string_view>

namespace litepose {

/// Returns the SHA-256 of some bytes (FIPS 180-4) as 64 hexadecimal digits.
std::string sha256(std::string_view bytes);

}  // namespace litepose
