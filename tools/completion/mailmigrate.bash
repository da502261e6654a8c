# Completion of mailmigrate for bash. Verbs and options are taken from --help, so that they are those of the program installed.

_mailmigrate_verbs() {
    command mailmigrate --help 2>/dev/null | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p'
}

_mailmigrate_options() {
    { command mailmigrate "$1" --help=all 2>/dev/null || command mailmigrate "$1" --help 2>/dev/null; } |
        sed -n 's/^ *\(-[a-zA-Z], \)\{0,1\}\(--[a-z][a-z0-9-]*=\{0,1\}\).*/\2/p' | sort -u
}

# Values that an option's help names: "auto, plain, login or xoauth2" after its name.
_mailmigrate_values() {
    case $1 in
    --*-auth) echo auto plain login cram-md5 scram-sha-1 scram-sha-256 xoauth2 oauthbearer external ;;
    --*-tls) echo implicit starttls none ;;
    --flags) echo merge source keep ;;
    --deletions) echo keep flag expunge ;;
    --progress) echo auto always never ;;
    --labels) echo all first keyword ;;
    --mail-when) echo always problems ;;
    esac
}

_mailmigrate() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb option
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ] && [ "${COMP_WORDS[0]##*/}" = mailmigrate ]; then
        COMPREPLY=($(compgen -W "$(_mailmigrate_verbs) help --help --version" -- "$word"))
        return
    fi
    verb=${COMP_WORDS[1]}
    case ${COMP_WORDS[0]##*/} in mailmigrate-*) verb=${COMP_WORDS[0]##*/mailmigrate-} ;; esac
    # "--name=value" comes as three words: --name, =, value.
    if [ "$before" = = ]; then
        option=${COMP_WORDS[COMP_CWORD - 2]}
    elif [ "$word" = = ]; then
        option=$before word=
    else
        option=$before
    fi
    case $option in
    --*-auth | --*-tls | --flags | --deletions | --progress | --labels | --mail-when)
        COMPREPLY=($(compgen -W "$(_mailmigrate_values "$option")" -- "$word"))
        return
        ;;
    --*-file | --state | --log | --json | --html | --csv | --metrics | --sign | --*-cert | --*-key)
        COMPREPLY=($(compgen -f -- "$word"))
        return
        ;;
    esac
    case $word in
    -*)
        COMPREPLY=($(compgen -W "$(_mailmigrate_options "$verb")" -- "$word"))
        case ${COMPREPLY[0]} in *=) type compopt >/dev/null 2>&1 && compopt -o nospace 2>/dev/null ;; esac
        ;;
    *) COMPREPLY=($(compgen -f -- "$word")) ;;
    esac
}

complete -o filenames -F _mailmigrate mailmigrate
