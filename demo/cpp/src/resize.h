// The rules by which an image of any size becomes the network's input.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "card.h"
#include "image.h"

namespace litepose {

/// The part of an input that its image covers, in pixels of the input.
struct Box {
    double left, top, right, bottom;
};

/// A resized image, with the parameters of the inverse mapping.
struct Resized {
    Image image;
    std::array<float, 2> center{};  ///< point of the original, x and y, at the input's centre
    double zoom = 1;                ///< pixels of the original per pixel of the input
    std::optional<Box> box;         ///< set if the border around the image is to be ignored

    /// Maps a position from pixels of the input to pixels of the original.
    std::array<float, 2> to_original(float x, float y) const;
};

/// Turns images into inputs of one size; see litepose_mm/preprocessing/rules.py.
class ResizeRule {
public:
    virtual ~ResizeRule() = default;
    virtual Resized resize(const Image& image, int width, int height) const = 0;
};

/// @throws Error The card is invalid, or its rule is not supported.
std::unique_ptr<ResizeRule> make_resize_rule(const Card& card);

}  // namespace litepose
