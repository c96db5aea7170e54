#include "files.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "error.h"

namespace litepose {

std::string read_file(const std::filesystem::path& path, const std::string& what) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                               std::fclose);
    std::string bytes;
    if (file) {
        char part[1 << 16];
        while (const std::size_t count = std::fread(part, 1, sizeof part, file.get())) {
            bytes.append(part, count);
        }
    }
    if (!file || std::ferror(file.get())) {
        throw Error("cannot read the " + what + " " + path.string() + ": " + std::strerror(errno));
    }
    return bytes;
}

}  // namespace litepose
