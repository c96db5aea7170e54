#include "outputs.h"

#include <algorithm>
#include <cmath>

namespace litepose {
namespace {

std::string text(const std::vector<int>& shape) {
    std::string result;
    for (const int side : shape) {
        result += (result.empty() ? "" : ", ") + (side < 0 ? "any" : std::to_string(side));
    }
    return "(" + result + ")";
}

std::vector<bool> inside(double first, double last, int pixels, int length) {
    std::vector<bool> result;
    for (int i = 0; i < pixels; ++i) {
        const double centre = (i + 0.5) * (double(length) / pixels);
        result.push_back(first <= centre && centre <= last);
    }
    return result;
}

}  // namespace

void check_output(const Output& output, const std::string& name, const std::vector<int>& shape) {
    const bool fits =
        output.shape.size() == shape.size() &&
        std::equal(shape.begin(), shape.end(), output.shape.begin(), [](int expected, int got) {
            return got > 0 && (expected < 0 || got == expected);
        });
    if (!fits) {
        throw Error("the model does not match its card: expected " + name + " of the shape " +
                    text(shape) + ", got " + text(output.shape) + "; export it again");
    }
    if (!std::all_of(output.values.begin(), output.values.end(),
                     [](float value) { return std::isfinite(value); })) {
        throw Error("the network outputs infinite or undefined numbers; check its weights");
    }
}

Maps as_maps(const Output& output) {
    return {output.values.data(), output.shape[0], output.shape[1], output.shape[2]};
}

Output without_border(Output heatmaps, const Box& box, int width, int height) {
    const auto rows = inside(box.top, box.bottom, heatmaps.shape[1], height);
    const auto columns = inside(box.left, box.right, heatmaps.shape[2], width);
    float* value = heatmaps.values.data();
    for (int channel = 0; channel < heatmaps.shape[0]; ++channel) {
        for (const bool row : rows) {
            for (const bool column : columns) *value++ *= float(row && column);
        }
    }
    return heatmaps;
}

}  // namespace litepose
