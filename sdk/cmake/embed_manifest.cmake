# cmake -DMANIFEST= -DSOURCE= -DNAME= -DNAMESPACE= -DVERSION= -P embed_manifest.cmake: checks that the YAML template
# says what the file will be called, and writes it as a C array in the section .tasker_manifest. The full check of
# the template is the host's; this one catches the mistake that is made on every release.
cmake_minimum_required(VERSION 3.18)

if(NOT EXISTS "${MANIFEST}")
  message(FATAL_ERROR "The manifest ${MANIFEST} does not exist.")
endif()

# The value of a top-level key, or the default: what a line `key: value`, quoted or not, with or without comment, says.
function(top_level_value out key default)
  file(STRINGS "${MANIFEST}" lines REGEX "^${key}[ \t]*:" ENCODING UTF-8)
  list(LENGTH lines count)
  if(count EQUAL 0)
    set(${out} "${default}" PARENT_SCOPE)
    return()
  elseif(count GREATER 1)
    message(FATAL_ERROR "${MANIFEST}: the key ${key} is there ${count} times.")
  endif()
  string(REGEX REPLACE "^${key}[ \t]*:[ \t]*" "" value "${lines}")
  string(REGEX REPLACE "[ \t]+#.*$" "" value "${value}")
  string(REGEX REPLACE "[ \t\r]+$" "" value "${value}")
  string(REGEX REPLACE "^\"(.*)\"$" "\\1" value "${value}")
  string(REGEX REPLACE "^'(.*)'$" "\\1" value "${value}")
  set(${out} "${value}" PARENT_SCOPE)
endfunction()

function(expect key wanted default)
  top_level_value(value ${key} "${default}")
  if(NOT value STREQUAL wanted)
    message(FATAL_ERROR "${MANIFEST} says ${key}: ${value}, but tasker_add_plugin says ${wanted}. "
                        "Make them agree: the host refuses a file whose name and manifest differ.")
  endif()
endfunction()

expect(name "${NAME}" "")
expect(namespace_name "${NAMESPACE}" default)
expect(version "${VERSION}" 0.1.0)

file(READ "${MANIFEST}" hex HEX)
if(hex MATCHES "^([0-9a-f][0-9a-f])*00")
  message(FATAL_ERROR "${MANIFEST} holds a zero byte, which would end the manifest there.")
endif()
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
string(REPLACE "'\\x0a'," "'\\x0a',\n" bytes "${bytes}")  # one line of C for each line of YAML
file(WRITE "${SOURCE}" "/* Generated from a YAML template by tasker_add_plugin; do not edit. */
#include <tasker/plugin.h>

const char tasker_manifest_v1[] __attribute__((used, section(\".tasker_manifest\"))) = {
${bytes}0};
")
