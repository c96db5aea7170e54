#include "network.h"

#include <tvm/ffi/container/array.h>
#include <tvm/ffi/container/tensor.h>
#include <tvm/ffi/extra/module.h>
#include <tvm/ffi/function.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <thread>

namespace litepose {
namespace {

namespace ffi = tvm::ffi;

constexpr int kPooledAllocator = 2;

// Memory for a tensor, aligned for vector instructions.
struct Allocator {
    static constexpr std::align_val_t kAlignment{64};

    void AllocData(DLTensor* tensor) {
        tensor->data = ::operator new(ffi::GetDataSize(*tensor), kAlignment);
    }
    void FreeData(DLTensor* tensor) { ::operator delete(tensor->data, kAlignment); }
};

std::string one_line(const ffi::Error& error) {
    std::string text = error.message();
    text = text.substr(0, text.find('\n'));
    return text.size() > 300 ? text.substr(0, 300) + " …" : text;
}

Output to_output(const ffi::Tensor& tensor) {
    const DLDataType type = tensor.dtype();
    if (tensor.ndim() < 1 || tensor.size(0) != 1 || type.code != kDLFloat || type.bits != 32 ||
        type.lanes != 1 || !tensor.IsContiguous()) {
        throw Error(
            "the model does not match its card: expected outputs in float32 for one image; "
            "export it again");
    }
    Output output;
    for (int i = 1; i < tensor.ndim(); ++i) output.shape.push_back(int(tensor.size(i)));
    const auto* data = static_cast<const float*>(tensor.data_ptr());
    output.values.assign(data, data + tensor.numel());
    return output;
}

}  // namespace

struct Network::Machine {
    ffi::Module module;
    ffi::Function main;
    ffi::Tensor input;
};

Network::Network(const Card& card, std::optional<int> threads) {
    // TVM reads this when its threads start. By itself it uses half of the processors on x86.
    const int count = threads.value_or(int(std::thread::hardware_concurrency()));
    if (count > 0) setenv("TVM_NUM_THREADS", std::to_string(count).c_str(), threads.has_value());
    const std::int64_t shape[] = {1, 3, card.height, card.width};
    const DLDevice device{kDLCPU, 0};
    try {
        const ffi::Module library = ffi::Module::LoadFromFile(card.library.string());
        const ffi::Module module =
            library->GetFunction("vm_load_executable").value()().cast<ffi::Module>();
        module->GetFunction("vm_initialization")
            .value()(int(device.device_type), int(device.device_id), kPooledAllocator);
        machine_.reset(new Machine{module, module->GetFunction("main").value(),
                                   ffi::Tensor::FromNDAlloc(Allocator(), ffi::ShapeView(shape, 4),
                                                            DLDataType{kDLFloat, 32, 1}, device)});
    } catch (const ffi::Error& error) {
        throw Error("TVM cannot load " + card.library.string() + ": " + one_line(error) +
                    "; use the version of TVM with which the model was exported");
    }
}

Network::~Network() = default;

std::vector<Output> Network::run(const std::vector<float>& input) {
    std::copy(input.begin(), input.end(), static_cast<float*>(machine_->input.data_ptr()));
    try {
        const ffi::Any result = machine_->main(machine_->input);
        if (const auto tensor = result.try_cast<ffi::Tensor>()) return {to_output(*tensor)};
        std::vector<Output> outputs;
        for (const ffi::Tensor& each : result.cast<ffi::Array<ffi::Tensor>>()) {
            outputs.push_back(to_output(each));
        }
        return outputs;
    } catch (const ffi::Error& error) {
        throw Error("TVM cannot run the network: " + one_line(error) + "; export the model again");
    }
}

}  // namespace litepose
