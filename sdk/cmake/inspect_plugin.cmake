# Asks the host program whether it would take the plugin that was just linked; a refused file is not left lying about.
execute_process(COMMAND "${PROGRAM}" plugin inspect "${PLUGIN}" OUTPUT_QUIET ERROR_VARIABLE words RESULT_VARIABLE result)
if(NOT result MATCHES "^[0-9]+$" OR result GREATER 125)
  message(WARNING "${PROGRAM} cannot be run (${result}); the plugin was not inspected. -DTASKER_PROGRAM= turns this off.")
elseif(NOT result EQUAL 0)
  file(REMOVE "${PLUGIN}")
  message(FATAL_ERROR "a host would refuse this plugin: ${words}")
endif()
