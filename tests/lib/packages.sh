# Functions for tools/demo and tests/run: install what tests/packages lists and the machine lacks.

# packages_missing FILE KIND...: the packages of those kinds that are not installed
packages_missing() {
    list=$1
    shift
    for kind in "$@"; do
        sed 's/#.*//' "$list" | while read -r name of rest; do
            if [ "$of" = "$kind" ] &&
                [ "$(dpkg-query -Wf '${db:Status-Status}' "$name" 2>/dev/null)" != installed ]; then
                echo "$name"
            fi
        done
    done
}

# as_root COMMAND...: run it as root, through sudo when the caller is not
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        echo "root is needed for: $*" >&2
        return 1
    fi
}

# packages_install FILE KIND...: says what it installs; does nothing, without root and network, when all is there
packages_install() {
    missing=$(packages_missing "$@")
    [ -n "$missing" ] || return 0
    echo "installing:" $missing
    packages_log=$(mktemp)
    if as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q </dev/null >"$packages_log" 2>&1 &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
            -o DPkg::Lock::Timeout=300 $missing </dev/null >>"$packages_log" 2>&1; then
        rm -f "$packages_log"
        return 0
    fi
    tail -n 30 "$packages_log" >&2
    rm -f "$packages_log"
    echo "could not install:" $missing >&2
    return 1
}
