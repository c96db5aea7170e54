#include "resize.h"

#include <algorithm>
#include <cmath>

#include "warp.h"

namespace litepose {
namespace {

struct Size {
    int width, height;
    bool operator==(const Size& other) const {
        return width == other.width && height == other.height;
    }
};

// The centre of an image, rounded half up to a whole pixel as the authors do.
std::array<float, 2> image_center(const Image& image) {
    return {std::floor(image.width / 2.0f + 0.5f), std::floor(image.height / 2.0f + 0.5f)};
}

Resized warped(const Image& image, Size size, double zoom) {
    const auto center = image_center(image);
    const auto matrix = warp_matrix(center, size.width * zoom, size.width, size.height);
    return {warp(image, matrix, size.width, size.height), center, zoom, std::nullopt};
}

// The rule of HigherHRNet and LitePose. The short side becomes `short_side` and the long side keeps
// the aspect ratio, both rounded up to a multiple of `divisor`.
class ShortSide : public ResizeRule {
public:
    explicit ShortSide(const Fields& fields)
        : short_side_(fields.integer("short_side")), divisor_(fields.integer("divisor")) {}

    Resized resize(const Image& image, int width, int height) const override {
        const Size size{width, height};
        if (own_size(image) == size) {
            const bool is_upright = image.width < image.height;
            return warped(image, size,
                          is_upright ? double(image.width) / width : double(image.height) / height);
        }
        // The network accepts only another size: the image is scaled to fit, and people that the
        // network sees in the border beside it are ignored.
        const double zoom =
            std::max(double(image.width) / width, double(image.height) / height);
        Resized resized = warped(image, size, zoom);
        const double left = width / 2.0 - resized.center[0] / float(zoom);
        const double top = height / 2.0 - resized.center[1] / float(zoom);
        resized.box = Box{left, top, left + image.width / zoom, top + image.height / zoom};
        return resized;
    }

private:
    Size own_size(const Image& image) const {
        const double shorter = std::min(image.width, image.height);
        const double longer = std::max(image.width, image.height);
        const int short_side = aligned(short_side_);
        const int long_side = aligned(short_side / shorter * longer);
        return image.width < image.height ? Size{short_side, long_side}
                                          : Size{long_side, short_side};
    }

    int aligned(double length) const {
        const double most = length + divisor_ - 1;
        return int(most - std::fmod(most, divisor_));
    }

    int short_side_, divisor_;
};

}  // namespace

std::array<float, 2> Resized::to_original(float x, float y) const {
    const float scale = float(zoom);
    return {(x - image.width / 2.0f) * scale + center[0],
            (y - image.height / 2.0f) * scale + center[1]};
}

std::unique_ptr<ResizeRule> make_resize_rule(const Card& card) {
    const Fields fields(card.resize, "resize");
    const std::string kind = fields.text("kind");
    if (kind == "short_side") return std::make_unique<ShortSide>(fields);
    throw Error("the model " + card.name + " resizes images by the rule '" + kind +
                "', which this program does not support; use the Python package");
}

}  // namespace litepose
