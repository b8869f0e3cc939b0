#!/usr/bin/env bash
# Builds onnxruntime for Node.js with CUDA and TensorRT on a Jetson (JetPack 6), into a folder that inference.runtime of a
# configuration names. NOT YET RUN ON A DEVICE.
#
#   build-onnxruntime.sh FOLDER [VERSION]
set -euo pipefail

folder=${1:?expected the folder to install to, such as /opt/onnxruntime-node}
# As in package.json of Sensebind.
version=${2:-1.30.0}
sources=${TMPDIR:-/var/tmp}/onnxruntime-$version

sudo apt-get install -y --no-install-recommends build-essential git python3-pip python3-venv
git clone --depth 1 --branch "v$version" --recurse-submodules --shallow-submodules \
  https://github.com/microsoft/onnxruntime.git "$sources"
cd "$sources"
python3 -m venv .venv
# The cmake of Ubuntu 22.04 is too old.
.venv/bin/pip install 'cmake>=3.28' packaging numpy
export PATH="$PWD/.venv/bin:$PATH"

# Orin is compute capability 8.7. Four compilers at once need 16 GB.
./build.sh --config Release --parallel 4 --skip_tests --skip_submodule_sync --allow_running_as_root \
  --build_shared_lib --build_nodejs \
  --use_cuda --cuda_home /usr/local/cuda --cudnn_home /usr/lib/aarch64-linux-gnu \
  --use_tensorrt --tensorrt_home /usr/lib/aarch64-linux-gnu \
  --cmake_extra_defines CMAKE_CUDA_ARCHITECTURES=87 onnxruntime_BUILD_UNIT_TESTS=OFF

sudo install -d "$folder"
sudo cp -r js/node/package.json js/node/dist js/node/bin "$folder/"
libraries=("$folder"/bin/napi-v*/linux/arm64)
# Providers are loaded from beside the binding.
sudo cp build/Linux/Release/libonnxruntime*.so* "${libraries[0]}/"
# The module needs onnxruntime-common of the same version.
(cd "$folder" && sudo npm install --omit=dev --ignore-scripts --no-audit --no-fund "onnxruntime-common@$version")

node -e "console.log(require(process.argv[1]).listSupportedBackends())" "$folder"
