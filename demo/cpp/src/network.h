// The compiled network, run by TVM.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "card.h"
#include "decoder.h"

namespace litepose {

class Network {
public:
    /// @param threads Number of threads; by default, TVM uses the processor's cores.
    /// @throws Error The library cannot be loaded.
    Network(const Card& card, std::optional<int> threads);
    ~Network();

    /// Runs the network.
    ///
    /// @param input The normalised image (3, height, width).
    /// @throws Error TVM reports an error.
    std::vector<Output> run(const std::vector<float>& input);

private:
    struct Machine;
    std::unique_ptr<Machine> machine_;
};

}  // namespace litepose
