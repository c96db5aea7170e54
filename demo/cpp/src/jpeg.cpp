#include "jpeg.h"

#include <turbojpeg.h>

#include <memory>

#include "error.h"

namespace litepose {
namespace {

bool is_harmless(const std::string& warning) {
    for (const char* start :
         {"Invalid SOS parameters", "Warning: unknown JFIF", "Unknown Adobe color"}) {
        if (warning.rfind(start, 0) == 0) return true;
    }
    return false;
}

// libjpeg-turbo fills what is missing with grey, and only warns.
void check(int status, tjhandle decoder, const std::string& name) {
    if (status == 0) return;
    const std::string reason = tjGetErrorStr2(decoder);
    if (tjGetErrorCode(decoder) == TJERR_WARNING && is_harmless(reason)) return;
    throw Error("the image " + name + " is truncated or damaged (" + reason +
                "); copy it again, or, if an image viewer displays it correctly, save it again "
                "from there");
}

}  // namespace

void check_size(long width, long height, const std::string& name) {
    if (width * height > kMaxPixels) {
        throw Error("expected an image of at most " + std::to_string(kMaxPixels / 1'000'000) +
                    " million pixels, but " + name + " has " + std::to_string(width) + "x" +
                    std::to_string(height) + "; reduce its size");
    }
}

Image read_jpeg(const std::string& bytes, const std::string& name) {
    const std::unique_ptr<void, int (*)(tjhandle)> decoder(tjInitDecompress(), tjDestroy);
    if (!decoder) throw std::bad_alloc();
    const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
    int width = 0, height = 0, subsampling = 0, colours = 0;
    check(tjDecompressHeader3(decoder.get(), data, bytes.size(), &width, &height, &subsampling,
                              &colours),
          decoder.get(), name);
    if (colours == TJCS_CMYK || colours == TJCS_YCCK) {
        throw Error("expected an image in RGB or grey, but " + name +
                    " is in CMYK; convert it to RGB");
    }
    check_size(width, height, name);
    Image image(width, height);
    check(tjDecompress2(decoder.get(), data, bytes.size(), image.rgb.data(), width, 0, height,
                        TJPF_RGB, 0),
          decoder.get(), name);
    return image;
}

}  // namespace litepose
