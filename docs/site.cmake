# A static site of docs/: each page by cmark, each manual by groff, with a line of links on top. The target `site` runs
# it.

set(STYLE [[
<style>
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 54rem; margin: 0 auto; padding: 0 1rem 4rem; }
nav { padding: .7rem 0; border-bottom: 1px solid #8886; }
nav a { margin-right: 1.2rem; }
pre { overflow-x: auto; padding: .7rem; background: #8882; }
code { font-size: .92em; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { border: 1px solid #8886; padding: .3rem .6rem; text-align: left; vertical-align: top; }
img { max-width: 100%; }
</style>
]])

# `body` as a page at `path` below the site; `depth` folders lie between them.
function(write_page path title body)
  string(REGEX MATCHALL "/" slashes "${path}")
  list(LENGTH slashes depth)
  string(REPEAT "../" ${depth} up)
  file(WRITE ${OUTPUT}/${path}
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<title>${title}</title>\n${STYLE}</head>\n"
    "<body>\n<nav><a href=\"${up}index.html\">mailmigrate</a>"
    "<a href=\"${up}guides/weekend.html\">A first move</a>"
    "<a href=\"${up}guides/troubleshooting.html\">Troubleshooting</a>"
    "<a href=\"${up}manual/index.html\">Manual</a></nav>\n"
    "${body}</body>\n</html>\n")
endfunction()

# The index of a folder is README.md here, and index.html there. A link to what is no page (a folder, a header, the list
# of packages) becomes its words.
function(convert page)
  execute_process(COMMAND ${CMARK} --extension table --unsafe ${SOURCE}/${page}
                  OUTPUT_VARIABLE body COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCH "<h1>([^\n]*)</h1>" title "${body}")
  string(REGEX REPLACE "<[^>]*>" "" title "${CMAKE_MATCH_1}")
  set(elsewhere "(\\.\\./)*(schemas|providers)|(\\.\\./)+(CONTRIBUTING|libmigrate|tests|tools)[^\"]*")
  string(REGEX REPLACE "<a href=\"(${elsewhere})\">([^<]*)</a>" "<em>\\6</em>" body "${body}")
  string(REGEX REPLACE "(href=\"[^\":]*)README\\.md" "\\1index.html" body "${body}")
  string(REGEX REPLACE "(href=\"[^\":]*)\\.md([#\"])" "\\1.html\\2" body "${body}")
  string(REGEX REPLACE "README\\.md$" "index.html" path ${page})
  string(REGEX REPLACE "\\.md$" ".html" path ${path})
  write_page(${path} "${title}" "${body}")
endfunction()

# References to our own manuals, as groff prints them, become links.
function(convert_manual manual)
  execute_process(COMMAND ${GROFF} -man -Tutf8 -P-cbou -rLL=90n ${SOURCE}/${manual}
                  OUTPUT_VARIABLE body COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE "&" "&amp;" body "${body}")
  string(REPLACE "<" "&lt;" body "${body}")
  string(REPLACE ">" "&gt;" body "${body}")
  foreach(other ${manuals})
    string(REGEX REPLACE "\\.([1-8])$" "(\\1)" reference ${other})
    string(REPLACE "${reference}" "<a href=\"${other}.html\">${reference}</a>" body "${body}")
  endforeach()
  write_page(manual/${manual}.html "${manual}" "<pre>${body}</pre>\n")
endfunction()

file(REMOVE_RECURSE ${OUTPUT})
file(GLOB_RECURSE pages RELATIVE ${SOURCE} ${SOURCE}/*.md)
foreach(page ${pages})
  convert(${page})
endforeach()
file(GLOB manuals RELATIVE ${SOURCE} ${SOURCE}/*.[1-8])
list(SORT manuals)
set(listed "<h1>Manual pages</h1>\n<ul>\n")
foreach(manual ${manuals})
  convert_manual(${manual})
  string(APPEND listed "<li><a href=\"${manual}.html\">${manual}</a></li>\n")
endforeach()
write_page(manual/index.html "Manual pages" "${listed}</ul>\n")
# Whatever else the pages refer to: pictures, examples, rules.
file(COPY ${SOURCE}/ DESTINATION ${OUTPUT}
     PATTERN "*.md" EXCLUDE PATTERN "*.[1-8]" EXCLUDE PATTERN "*.cmake" EXCLUDE PATTERN "CMakeLists.txt" EXCLUDE
     PATTERN "[Dd]oxy*" EXCLUDE)
