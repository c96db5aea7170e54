# Cross-build for 64-bit ARM with Debian's compiler (apt-get install g++-aarch64-linux-gnu) and the
# folder that aarch64_libraries.sh wrote: -DTVM_ROOT=DIR
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
list(APPEND CMAKE_PREFIX_PATH ${TVM_ROOT}/usr)
