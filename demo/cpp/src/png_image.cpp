#include "png_image.h"

#include <png.h>

#include <csetjmp>
#include <cstring>
#include <vector>

#include "error.h"
#include "jpeg.h"
#include "orientation.h"

namespace litepose {
namespace {

// libpng leaves its functions by longjmp, which runs no destructors. Everything that needs one
// therefore lives here, outside of the function that calls libpng.
struct Reading {
    explicit Reading(const std::string& bytes) : bytes(bytes) {}

    const std::string& bytes;
    std::size_t position = 0;
    std::string failure;
    std::size_t width = 0, height = 0;
    bool is_large = false;
    Image image;
    std::vector<png_bytep> rows;
    std::string exif;
};

void read(png_structp png, png_bytep target, std::size_t count) {
    auto& reading = *static_cast<Reading*>(png_get_io_ptr(png));
    if (count > reading.bytes.size() - reading.position) png_error(png, "the file ends early");
    std::memcpy(target, reading.bytes.data() + reading.position, count);
    reading.position += count;
}

void fail(png_structp png, png_const_charp message) {
    static_cast<Reading*>(png_get_error_ptr(png))->failure = message;
    png_longjmp(png, 1);
}

void ignore(png_structp, png_const_charp) {}

bool prepare(Reading& reading, png_structp png, png_infop info) {
    reading.width = png_get_image_width(png, info);
    reading.height = png_get_image_height(png, info);
    reading.is_large = reading.width * reading.height > std::size_t(kMaxPixels);
    if (reading.is_large) return false;
    reading.image = Image(static_cast<int>(reading.width), static_cast<int>(reading.height));
    for (std::size_t y = 0; y < reading.height; ++y) {
        reading.rows.push_back(reading.image.at(0, static_cast<int>(y)));
    }
    return true;
}

void decode(Reading& reading, png_structp png, png_infop info) {
    if (setjmp(png_jmpbuf(png))) return;
    png_set_read_fn(png, &reading, read);
    png_read_info(png, info);
    png_set_strip_16(png);
    png_set_expand(png);  // palettes, and fewer than 8 bits
    png_set_gray_to_rgb(png);
    png_set_strip_alpha(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    if (!prepare(reading, png, info)) return;
    png_read_image(png, reading.rows.data());
    png_read_end(png, info);
    png_bytep exif = nullptr;
    png_uint_32 length = 0;
    if (png_get_eXIf_1(png, info, &length, &exif)) {
        reading.exif.assign(reinterpret_cast<const char*>(exif), length);
    }
}

}  // namespace

Image read_png(const std::string& bytes, const std::string& name, int& orientation) {
    Reading reading(bytes);
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reading, fail, ignore);
    png_infop info = png ? png_create_info_struct(png) : nullptr;
    if (!info) throw std::bad_alloc();
    decode(reading, png, info);
    png_destroy_read_struct(&png, &info, nullptr);
    if (reading.is_large) {
        check_size(static_cast<long>(reading.width), static_cast<long>(reading.height), name);
    }
    if (!reading.failure.empty()) {
        throw Error("the image " + name + " is truncated or damaged (" + reading.failure +
                    "); copy it again, or, if an image viewer displays it correctly, save it "
                    "again from there");
    }
    orientation = exif_orientation(reading.exif);
    return std::move(reading.image);
}

}  // namespace litepose
