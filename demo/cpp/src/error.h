// The one kind of error that users see: what was expected, what came, what to do.
#pragma once

#include <stdexcept>
#include <string>

namespace litepose {

struct Error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace litepose
