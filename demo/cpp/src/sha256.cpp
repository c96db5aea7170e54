#include "sha256.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>

namespace litepose {
namespace {

using State = std::array<std::uint32_t, 8>;

constexpr std::array<int, 64> kPrimes = {
    2,   3,   5,   7,   11,  13,  17,  19,  23,  29,  31,  37,  41,  43,  47,  53,
    59,  61,  67,  71,  73,  79,  83,  89,  97,  101, 103, 107, 109, 113, 127, 131,
    137, 139, 149, 151, 157, 163, 167, 173, 179, 181, 191, 193, 197, 199, 211, 223,
    227, 229, 233, 239, 241, 251, 257, 263, 269, 271, 277, 281, 283, 293, 307, 311};

// The standard's constants are the first 32 bits of the fraction of roots of primes.
std::uint32_t fraction(double root) {
    return static_cast<std::uint32_t>((root - std::floor(root)) * 4294967296.0);
}

std::uint32_t rotate(std::uint32_t word, int bits) { return word >> bits | word << (32 - bits); }

void add_block(State& state, const unsigned char* block) {
    static const auto constants = [] {
        std::array<std::uint32_t, 64> result{};
        for (int i = 0; i < 64; ++i) result[i] = fraction(std::cbrt(kPrimes[i]));
        return result;
    }();
    std::array<std::uint32_t, 64> words{};
    for (int i = 0; i < 16; ++i) {
        for (int byte = 0; byte < 4; ++byte) words[i] = words[i] << 8 | block[4 * i + byte];
    }
    for (int i = 16; i < 64; ++i) {
        const std::uint32_t far = words[i - 15], near = words[i - 2];
        words[i] = words[i - 16] + (rotate(far, 7) ^ rotate(far, 18) ^ far >> 3) + words[i - 7] +
                   (rotate(near, 17) ^ rotate(near, 19) ^ near >> 10);
    }
    auto [a, b, c, d, e, f, g, h] = state;
    for (int i = 0; i < 64; ++i) {
        const std::uint32_t one = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
                                  ((e & f) ^ (~e & g)) + constants[i] + words[i];
        const std::uint32_t two =
            (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + one, d = c, c = b, b = a, a = one + two;
    }
    const State added = {a, b, c, d, e, f, g, h};
    for (int i = 0; i < 8; ++i) state[i] += added[i];
}

}  // namespace

std::string sha256(std::string_view bytes) {
    State state{};
    for (int i = 0; i < 8; ++i) state[i] = fraction(std::sqrt(kPrimes[i]));
    const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
    const std::size_t whole = bytes.size() / 64 * 64;
    for (std::size_t i = 0; i < whole; i += 64) add_block(state, data + i);

    // The end is padded with one set bit, zeros, and the number of bits in eight bytes.
    std::string end(bytes.substr(whole));
    end += '\x80';
    end.resize(end.size() <= 56 ? 56 : 120, '\0');
    const std::uint64_t bits = static_cast<std::uint64_t>(bytes.size()) * 8;
    for (int shift = 56; shift >= 0; shift -= 8) end += static_cast<char>(bits >> shift & 255);
    for (std::size_t i = 0; i < end.size(); i += 64) {
        add_block(state, reinterpret_cast<const unsigned char*>(end.data()) + i);
    }

    std::string text;
    for (const std::uint32_t word : state) {
        char digits[9];
        std::snprintf(digits, sizeof digits, "%08x", word);
        text += digits;
    }
    return text;
}

}  // namespace litepose
