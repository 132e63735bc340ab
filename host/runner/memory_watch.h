// Hears of it when the C library has no memory to give, whoever asked: operator new, malloc in C code of a plugin, or a library that
// it brought. Only so can be told afterwards that a plugin which went on with a null pointer died of want of memory. For the
// processes that run plugins; in others it costs a look at one pointer when an allocation has failed.
#pragma once

namespace tasker::runner {

// [any] `note` is called on the thread that gets nothing. It must not allocate, lock or throw. A sanitizer has an allocator of its
// own, and nothing is heard there.
void watch_memory(void (*note)());

}  // namespace tasker::runner
