#include "resize.h"

#include <algorithm>
#include <cmath>

#include "scale.h"
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
        : short_side_(fields.integer("short_side")), divisor_(fields.integer("divisor")) {
        fields.check_all_read();
    }

    Resized resize(const Image& image, int width, int height) const override {
        const Size size{width, height};
        if (own_size(image) == size) {
            const bool is_upright = image.width < image.height;
            return warped(image, size,
                          is_upright ? double(image.width) / width : double(image.height) / height);
        }
        // The network accepts only another size: the image is scaled to fit, and people that the
        // network sees in the border beside it are ignored.
        const double zoom = std::max(double(image.width) / width, double(image.height) / height);
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

// The rule of Lightweight OpenPose's demo: one height for all images, and a grey border. Inputs are
// at least as wide as high.
class FixedHeight : public ResizeRule {
public:
    explicit FixedHeight(const Fields& fields)
        : height_(fields.integer("height")), divisor_(fields.integer("divisor")) {
        fields.check_all_read();
    }

    Resized resize(const Image& image, int width, int height) const override {
        const double own = double(height_) / image.height;
        const int own_width = std::max(int(std::nearbyint(image.width * own)), height_);
        const int padded_width = (own_width + divisor_ - 1) / divisor_ * divisor_;
        if (padded_width == width && height_ == height) {
            // Like the authors, people are also searched for in the border.
            Resized resized = padded(image, own, width, height);
            resized.box.reset();
            return resized;
        }
        const double fitting = std::min(double(height) / image.height, double(width) / image.width);
        return padded(image, fitting, width, height);
    }

private:
    static Resized padded(const Image& image, double factor, int width, int height) {
        const auto scaled_side = [&](int side) {
            return std::max(int(std::nearbyint(side * factor)), 1);
        };
        const Image scaled =
            scale(image, factor, scaled_side(image.width), scaled_side(image.height));
        const int left = (width - scaled.width) / 2, top = (height - scaled.height) / 2;
        Resized result;
        result.image = Image(width, height);
        std::fill(result.image.rgb.begin(), result.image.rgb.end(), kGrey);
        for (int y = 0; y < scaled.height; ++y) {
            std::copy_n(scaled.at(0, y), 3 * scaled.width, result.image.at(left, top + y));
        }
        result.center = {float((width / 2.0 - left) / factor),
                         float((height / 2.0 - top) / factor)};
        result.zoom = 1 / factor;
        result.box = Box{double(left), double(top), double(left + scaled.width),
                         double(top + scaled.height)};
        return result;
    }

    static constexpr std::uint8_t kGrey = 128;  // becomes 0 in the network's input

    int height_, divisor_;
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
    if (kind == "fixed_height") return std::make_unique<FixedHeight>(fields);
    throw Error("the model " + card.name + " resizes images by the rule '" + kind +
                "', which this program does not support; use the Python package");
}

}  // namespace litepose
