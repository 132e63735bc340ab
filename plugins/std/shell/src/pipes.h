// Pipes to a child: descriptors that close themselves, and stay out of other programs that this process starts meanwhile.
#pragma once

namespace std_shell {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& from) noexcept : number_(from.release()) {}
  Descriptor& operator=(Descriptor&& from) noexcept;
  ~Descriptor() { close(); }
  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  void close();

 private:
  int release();
  int number_ = -1;
};

struct Pipe {
  Pipe();  // throws RetryableError shell.no_resources
  Descriptor read, write;
};

void set_nonblocking(const Descriptor& descriptor);

}  // namespace std_shell
