#!/usr/bin/env bash
# Unpack Debian's signed odoo-19 package (suite sid) into DEST without installing it.
#
#   odoo_from_debian.sh DEST
#
# A private apt root keeps the machine's own package lists untouched. The
# mirror is the one the machine already uses; every index is verified with
# debian-archive-keyring.
set -euo pipefail

dest=$1
root=$dest/apt
packages="odoo-19 libjs-jquery libjs-jquery-form libjs-underscore fonts-font-awesome
 fonts-roboto-unhinted fonts-montserrat fonts-ocr-b fonts-inconsolata"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

fail() { echo "setup: $*" >&2; exit 1; }

command -v apt-get >/dev/null || fail "Odoo 19 is missing: set ODOO_HOME to an Odoo 19 checkout (no apt-get on this machine)"
[ -r "$keyring" ] || fail "install the package debian-archive-keyring, or set ODOO_HOME to an Odoo 19 checkout"

mirror=$(apt-get indextargets --format '$(SITE) $(RELEASE)' 'Created-By: Packages' |
  awk '$1 !~ /security/ && $2 !~ /security|updates|backports/ { print $1; exit }')
[ -n "$mirror" ] || fail "no Debian mirror is configured for apt-get; set ODOO_HOME to an Odoo 19 checkout"

mkdir -p "$root"/{lists/partial,cache/archives/partial,etc/preferences.d,etc/apt.conf.d,state}
: > "$root/state/status"
echo "deb [signed-by=$keyring] $mirror sid main" > "$root/sources.list"
apt_options=(
  -o Dir::Etc::sourcelist="$root/sources.list" -o Dir::Etc::sourceparts=/dev/null
  -o Dir::Etc::preferencesparts=/dev/null -o Dir::State::lists="$root/lists"
  -o Dir::State::status="$root/state/status" -o Dir::Cache="$root/cache"
  -o Acquire::Languages=none -o APT::Get::List-Cleanup=0 -o Acquire::Retries=3
  -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o pkgCacheGen::Essential=none)

apt-get "${apt_options[@]}" -qq update || fail "Debian's sid index could not be read; set ODOO_HOME to an Odoo 19 checkout"
cd "$root/cache/archives"
rm -f ./*.deb
# shellcheck disable=SC2086
apt-get "${apt_options[@]}" -qq download $packages || fail "Debian's odoo-19 package could not be downloaded; set ODOO_HOME to an Odoo 19 checkout"
rm -rf "$dest/tree.new"
mkdir -p "$dest/tree.new"
for deb in ./*.deb; do dpkg -x "$deb" "$dest/tree.new"; done
[ -d "$dest/tree.new/usr/lib/python3/dist-packages/odoo" ] || fail "the odoo-19 package has an unexpected layout"
# The symbolic links of the package point to absolute paths: make them point into the tree.
find "$dest/tree.new" -type l | while read -r link; do
  target=$(readlink "$link")
  case $target in
    /*) [ -e "$dest/tree.new$target" ] && ln -sfn "$(realpath -m --relative-to="$(dirname "$link")" "$dest/tree.new$target")" "$link" ;;
  esac
done || true
rm -rf "$dest/tree"
mv "$dest/tree.new" "$dest/tree"
rm -f ./*.deb
