# Completion of mailmigrate for fish. Verbs and options are taken from --help, so that they are those of the program installed.

function __mailmigrate_verbs
    command mailmigrate --help 2>/dev/null | string match -rg '^  ([a-z]+  .*)' | string replace -r '  +' \t
end

function __mailmigrate_verb
    set -l words (commandline -opc)
    test (count $words) -ge 2; and echo $words[2]
end

function __mailmigrate_options
    set -l verb (__mailmigrate_verb)
    begin
        command mailmigrate $verb --help=all 2>/dev/null; or command mailmigrate $verb --help 2>/dev/null
    end | string match -rg '^ *(?:-[a-zA-Z], )?(--[a-z][a-z0-9-]*=?)' | sort -u
end

complete -c mailmigrate -f -n 'test (count (commandline -opc)) -eq 1' -a '(__mailmigrate_verbs)'
complete -c mailmigrate -n 'test (count (commandline -opc)) -ge 2; and string match -q -- "-*" (commandline -ct)' -a '(__mailmigrate_options)'
