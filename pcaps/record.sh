#!/usr/bin/env bash
# Records the lesson captures again, from real programs talking to real servers
# through a plain Linux router.
#
#   pcaps/record.sh [--install] [LESSON...]     record these lessons (default: all)
#   pcaps/record.sh --list                      the lessons
#   pcaps/record.sh --packages [LESSON...]      the Debian packages they need
#
# What Debian does not have comes as Python packages, into a folder of their own
# (FIRSTPASS_PYTHON, by default ~/.cache/firstpass-lessons).
#
# Needs root. Everything happens inside namespaces that vanish with the script:
# network, mounts (its own /etc, /run, /var/log), host name and processes. Nothing
# reaches another network, and nothing is left behind but <lesson>/capture.pcapng.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# The order is the order in which the lessons are meant to be read.
all_lessons=(
  first-packets web ssh-on-80 dns ping-traceroute scan tcp-endings mail unknown
  fragments midstream databases services reset-actions ftp-modes ftp-override
  ftp-hostile ftp-nat secondary-connections shifts app-cache custom-app
  certificate-pinning bad-certificates unsupported-parameters mutual-tls key-log
)
export FIRSTPASS_PYTHON=${FIRSTPASS_PYTHON:-${XDG_CACHE_HOME:-$HOME/.cache}/firstpass-lessons}
base_packages=(iproute2 ethtool nftables procps tcpdump python3)

say() { printf '%s\n' "$*" >&2; }

named() { # KIND LESSON...: each lesson names its packages in one comment line of a kind
  local kind=$1 lesson
  shift
  for lesson in "$@"; do
    sed -n "s/^# $kind: *//p" "$here/record/$lesson.sh" | tr ' ' '\n'
  done
}

packages_of() { # LESSON...
  { printf '%s\n' "${base_packages[@]}" && named packages "$@"; } | sed '/^$/d' | sort -u
}

python_packages() { # LESSON...: makes sure that they are there
  local wanted
  mapfile -t wanted < <(named 'python packages' "$@" | sed '/^$/d' | sort -u)
  ((${#wanted[@]})) || return 0
  if [[ $install == yes ]]; then
    [[ -x $FIRSTPASS_PYTHON/bin/python3 ]] || /usr/bin/python3 -m venv "$FIRSTPASS_PYTHON"
    "$FIRSTPASS_PYTHON/bin/pip" install --quiet "${wanted[@]}"
  elif ! "$FIRSTPASS_PYTHON/bin/pip" show --quiet "${wanted[@]}" >/dev/null 2>&1; then
    say "record.sh: these Python packages are missing (--install installs them): ${wanted[*]}"
    exit 2
  fi
}

install=no
lessons=()
for argument in "$@"; do
  case $argument in
    --install) install=yes ;;
    --list) printf '%s\n' "${all_lessons[@]}"; exit 0 ;;
    --packages) install=show ;;
    -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p;}' "${BASH_SOURCE[0]}"; exit 0 ;;
    -*) say "record.sh: no option $argument (try --help)"; exit 2 ;;
    *)
      if [[ ! -f $here/record/$argument.sh ]]; then
        say "record.sh: no lesson $argument; the lessons are: ${all_lessons[*]}"
        exit 2
      fi
      lessons+=("$argument")
      ;;
  esac
done
((${#lessons[@]})) || lessons=("${all_lessons[@]}")

mapfile -t packages < <(packages_of "${lessons[@]}")
if [[ $install == show ]]; then
  printf '%s\n' "${packages[@]}"
  exit 0
fi
if ((EUID != 0)); then
  say "record.sh: needs root, to make network namespaces and to capture"
  exit 2
fi

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if ((${#missing[@]})); then
  if [[ $install == yes ]]; then
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
  else
    say "record.sh: these packages are missing (--install installs them): ${missing[*]}"
    exit 2
  fi
fi

python_packages "${lessons[@]}"

for lesson in "${lessons[@]}"; do
  say "recording $lesson"
  unshare --mount --net --uts --ipc --pid --fork --mount-proc --propagation private \
    bash "$here/record/lab.sh" "$lesson"
done
