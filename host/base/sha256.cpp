#include "base/sha256.h"

#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>

namespace tasker {
namespace {

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    if (!context_) throw std::bad_alloc();
    if (EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1)
      throw std::runtime_error("SHA-256 is not available");
  }
  void add(const void* data, std::size_t size) {
    if (EVP_DigestUpdate(context_.get(), data, size) != 1) throw std::runtime_error("SHA-256 failed");
  }
  std::string hex() {
    std::array<unsigned char, 32> digest{};
    unsigned int size = 0;
    if (EVP_DigestFinal_ex(context_.get(), digest.data(), &size) != 1)
      throw std::runtime_error("SHA-256 failed");
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    out.reserve(64);
    for (unsigned char byte : digest) {
      out.push_back(kDigits[byte >> 4]);
      out.push_back(kDigits[byte & 15]);
    }
    return out;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

}  // namespace

std::string sha256_hex(std::string_view bytes) {
  Sha256 hash;
  hash.add(bytes.data(), bytes.size());
  return hash.hex();
}

Result<std::string> sha256_hex_of_fd(int fd, std::uint64_t most) {
  Sha256 hash;
  std::string buffer(1 << 16, '\0');
  for (off_t at = 0;;) {
    const auto left = std::min<std::uint64_t>(buffer.size(), most - static_cast<std::uint64_t>(at));
    const ssize_t got = ::pread(fd, buffer.data(), left, at);
    if (got == 0) return hash.hex();
    if (got < 0) {
      if (errno == EINTR) continue;
      return make_error(Code::internal,
                        std::string("reading a file to hash it failed: ") + std::strerror(errno), Retry::later);
    }
    hash.add(buffer.data(), static_cast<std::size_t>(got));
    at += got;
  }
}

}  // namespace tasker
