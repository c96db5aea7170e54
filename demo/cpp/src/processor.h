// Which processor a shared library was compiled for.
#pragma once

#include <string>
#include <string_view>

namespace litepose {

/// Checks that this processor's family can run a library.
///
/// @param library The contents of an ELF file.
/// @param name Its name, for messages.
/// @throws Error It is no library, or was compiled for another family of processors.
void check_processor(std::string_view library, const std::string& name);

}  // namespace litepose
