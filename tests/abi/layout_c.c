/* The layout as C sees it. _Static_assert is C11, hence the extension mark for the C99 that the header keeps to. */
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wc11-extensions"
#elif defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wpedantic"
#endif
#include "layout.h"

typedef int layout_of_the_contract_in_c;
