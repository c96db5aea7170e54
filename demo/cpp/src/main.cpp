// litepose: finds people on images with an exported model, and prints them as JSON.

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "error.h"
#include "estimator.h"
#include "writing.h"

namespace litepose {
namespace {

constexpr int kFailed = 2;

constexpr char kUsage[] =
    "usage: litepose FOLDER IMAGE... [--threads N] [--time] [--dump DIR]\n"
    "\n"
    "Finds people on JPEG and PNG images and prints one line of JSON for each image.\n"
    "\n"
    "  FOLDER       exported model: litepose export MODEL --engine tvm --out FOLDER\n"
    "  --threads N  number of threads of the network (default: the cores)\n"
    "  --time       print the median times of the steps at the end, on stderr\n"
    "  --dump DIR   write the network's input and outputs for the last image as .npy files\n";

struct Arguments {
    std::string folder, dump;
    std::vector<std::string> images;
    std::optional<int> threads;
    bool time = false, help = false;
};

Arguments parse(int count, char** values) {
    Arguments arguments;
    std::vector<std::string> names;
    const auto next = [&](int& i) -> std::string {
        if (i + 1 == count) throw Error(std::string(values[i]) + ": expected a value");
        return values[++i];
    };
    for (int i = 1; i < count; ++i) {
        const std::string own = values[i];
        if (own == "--help" || own == "-h") {
            arguments.help = true;
        } else if (own == "--time") {
            arguments.time = true;
        } else if (own == "--dump") {
            arguments.dump = next(i);
        } else if (own == "--threads") {
            const std::string text = next(i);
            char* end = nullptr;
            const long threads = std::strtol(text.c_str(), &end, 10);
            if (*end != '\0' || threads < 1 || threads > 1024) {
                throw Error("--threads: expected a whole number from 1 to 1024, got '" + text +
                            "'");
            }
            arguments.threads = int(threads);
        } else if (own.size() > 1 && own[0] == '-') {
            throw Error("there is no option " + own + "; litepose --help lists all");
        } else {
            names.push_back(own);
        }
    }
    if (!arguments.help && names.size() < 2) {
        throw Error("expected a folder with an exported model, and images; see litepose --help");
    }
    if (!names.empty()) arguments.folder = names[0];
    if (names.size() > 1) arguments.images.assign(names.begin() + 1, names.end());
    return arguments;
}

// Prints an error as one line.
void report(std::string message) {
    std::replace(message.begin(), message.end(), '\n', ' ');
    std::fprintf(stderr, "litepose: %s\n", message.c_str());
}

// A library for a better processor of the same family ends here.
void unknown_instruction(int) {
    constexpr char kMessage[] =
        "litepose: the model is compiled for a processor with instructions that this one lacks; "
        "export it for this device with `litepose export --target`\n";
    [[maybe_unused]] const auto written = write(STDERR_FILENO, kMessage, sizeof kMessage - 1);
    _exit(kFailed);
}

struct Times {
    std::vector<double> reading, preprocessing, network, decoding;
};

void print_times(Milliseconds loading, const Times& times) {
    const auto line = [](const char* name, double time) {
        std::fprintf(stderr, "%-14s %9.2f ms\n", name, time);
    };
    line("load", loading.count());
    for (auto [name, values] :
         {std::pair("read image", times.reading), std::pair("preprocessing", times.preprocessing),
          std::pair("network", times.network), std::pair("decoding", times.decoding)}) {
        if (values.empty()) continue;
        std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
        line(name, values[values.size() / 2]);
    }
}

int run(const Arguments& arguments) {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    Estimator estimator(arguments.folder, arguments.threads);
    const Milliseconds loading = Clock::now() - start;
    Times times;
    int status = 0;
    for (const std::string& path : arguments.images) {
        try {
            const auto begin = Clock::now();
            const Image image = read_image(path);
            times.reading.push_back(Milliseconds(Clock::now() - begin).count());
            const Estimate estimate = estimator.estimate(image);
            times.preprocessing.push_back(estimate.preprocessing.count());
            times.network.push_back(estimate.network.count());
            times.decoding.push_back(estimate.decoding.count());
            const std::string json = to_json(estimate, path, estimator.card().skeleton);
            if (std::puts(json.c_str()) < 0 || std::fflush(stdout) != 0) {
                throw std::ios_base::failure("cannot write the results to the standard output");
            }
            if (!arguments.dump.empty()) write_arrays(arguments.dump, estimate, estimator);
        } catch (const Error& error) {  // the other images still count
            report(error.what());
            status = kFailed;
        }
    }
    if (arguments.time) print_times(loading, times);
    return status;
}

}  // namespace
}  // namespace litepose

int main(int count, char** values) {
    using namespace litepose;
    std::signal(SIGILL, unknown_instruction);
    try {
        const Arguments arguments = parse(count, values);
        if (arguments.help) {
            std::fputs(kUsage, stdout);
            return 0;
        }
        return run(arguments);
    } catch (const std::bad_alloc&) {
        report("there is not enough memory; use a smaller image, or a model with a smaller input");
    } catch (const std::exception& error) {
        report(error.what());
    }
    return kFailed;
}
