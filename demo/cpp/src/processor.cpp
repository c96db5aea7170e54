#include "processor.h"

#include <elf.h>

#include <cstdint>
#include <cstring>

#include "error.h"

namespace litepose {
namespace {

#if defined(__x86_64__)
constexpr int kHere = EM_X86_64;
#elif defined(__aarch64__)
constexpr int kHere = EM_AARCH64;
#else
#error "add this processor to processor.cpp"
#endif

std::string machine_name(int machine) {
    if (machine == EM_X86_64) return "x86-64";
    if (machine == EM_AARCH64) return "aarch64";
    return "another processor (ELF machine " + std::to_string(machine) + ")";
}

}  // namespace

void check_processor(std::string_view library, const std::string& name) {
    Elf64_Ehdr header{};
    if (library.size() < sizeof header || std::memcmp(library.data(), ELFMAG, SELFMAG) != 0) {
        throw Error("expected a shared library of Linux, but " + name +
                    " is something else; export the model again");
    }
    std::memcpy(&header, library.data(), sizeof header);
    if (header.e_machine != kHere) {
        throw Error(name + " is compiled for " + machine_name(header.e_machine) +
                    ", but this program for " + machine_name(kHere) +
                    "; export the model for this device with `litepose export --target`");
    }
    // Loading what is missing at the end would end this program with a signal.
    if (header.e_shoff + std::uint64_t{header.e_shnum} * header.e_shentsize > library.size()) {
        throw Error(name + " is truncated; copy the whole folder again");
    }
}

}  // namespace litepose
