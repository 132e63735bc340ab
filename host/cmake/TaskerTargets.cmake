# What every target of this tree shares: warnings as errors, sanitizers, precompiled headers, and two
# functions that turn a folder into a library or a test program, so that a new file needs no CMake line.

add_library(tasker_options INTERFACE)
target_compile_options(tasker_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Werror -fno-omit-frame-pointer)
target_compile_definitions(tasker_options INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_DLL_USE_STD_FS SPDLOG_FMT_EXTERNAL SPDLOG_COMPILED_LIB
  VALIJSON_USE_EXCEPTIONS=1)
find_package(Threads REQUIRED)
target_link_libraries(tasker_options INTERFACE Threads::Threads)
if(TASKER_SANITIZE)
  target_compile_options(tasker_options INTERFACE -fsanitize=${TASKER_SANITIZE})
  target_link_options(tasker_options INTERFACE -fsanitize=${TASKER_SANITIZE})
  if(TASKER_SANITIZE MATCHES "thread")
    # Asio's fences are unknown to ThreadSanitizer; without this it reports Asio itself.
    target_compile_options(tasker_options INTERFACE -Wno-tsan)
    target_compile_definitions(tasker_options INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
endif()

# tasker_library(NAME libs...): a static library of every .cpp in the current folder, included as "<folder>/<file>.h".
function(tasker_library name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "main\\.cpp$")
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/host)
  target_link_libraries(${name} PUBLIC tasker_options ${ARGN})
  if(NOT name STREQUAL "tasker_base")
    target_precompile_headers(${name} REUSE_FROM tasker_base)
  else()
    target_precompile_headers(${name} PRIVATE
      <algorithm> <chrono> <cstdint> <functional> <map> <memory> <mutex> <optional> <string>
      <string_view> <unordered_map> <vector> <boost/system/result.hpp> <spdlog/fmt/fmt.h>)
  endif()
endfunction()

# tasker_test(NAME LABEL label... LIBS libs...): a GoogleTest program of every *_test.cpp in the current folder.
function(tasker_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "LABELS;LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  target_link_libraries(${name} PRIVATE tasker_test_support ${arg_LIBS})
  target_precompile_headers(${name} REUSE_FROM tasker_test_support)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    # gcc 12 sees overflows in std::string's inlined operator+ that are not there (its PR 105651); whether it does
    # depends on the length of the build folder's path, which tests have as a literal.
    target_compile_options(${name} PRIVATE -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT})
endfunction()
