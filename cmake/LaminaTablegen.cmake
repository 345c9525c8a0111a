find_program(MLIR_TBLGEN mlir-tblgen HINTS ${LLVM_TOOLS_BINARY_DIR} NO_DEFAULT_PATH REQUIRED)

# lamina_tablegen(TARGET INPUT OUTPUT OPTION... [, OUTPUT OPTION...])
# Generates OUTPUT beside INPUT in the build tree. Pairs are separated by a bare "AND". Adds target TARGET; a library whose
# files include an output needs add_dependencies(<library> TARGET).
function(lamina_tablegen target input)
  get_filename_component(source ${input} ABSOLUTE)
  set(outputs)
  set(output)
  set(options)
  foreach(arg IN LISTS ARGN ITEMS AND)
    if(arg STREQUAL "AND")
      add_custom_command(
        OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${output}
        COMMAND ${MLIR_TBLGEN} ${options} ${source} -I ${MLIR_INCLUDE_DIRS} -I ${PROJECT_SOURCE_DIR}
                -I ${CMAKE_CURRENT_SOURCE_DIR} -o ${CMAKE_CURRENT_BINARY_DIR}/${output}
                -d ${CMAKE_CURRENT_BINARY_DIR}/${output}.d --write-if-changed
        DEPFILE ${CMAKE_CURRENT_BINARY_DIR}/${output}.d
        DEPENDS ${source}
        COMMENT "Generating ${output}")
      list(APPEND outputs ${CMAKE_CURRENT_BINARY_DIR}/${output})
      set(output)
      set(options)
    elseif(NOT output)
      set(output ${arg})
    else()
      list(APPEND options ${arg})
    endif()
  endforeach()
  add_custom_target(${target} DEPENDS ${outputs})
endfunction()
