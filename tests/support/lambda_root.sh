#!/bin/sh
# The file system of a Lambda function, and a command in it as an ordinary user:
#
#     lambda_root.sh ROOT TASK RUNTIME LANG EMULATOR COMMAND…
#
# ROOT is an empty folder; TASK is the unpacked zip, RUNTIME the packages that the runtime ships, LANG Python's prefix and
# EMULATOR the runtime interface emulator. Runs in user, mount and process namespaces of its own (unshare).
#
# All is read-only but /tmp, which has 512 MB. There is no /dev/shm. Nothing else of the machine can be seen.
set -eu
root=$1 task=$2 runtime=$3 lang=$4 emulator=$5
shift 5

mount -t tmpfs -o mode=755 lambda "$root"
cd "$root"
mkdir -p dev etc proc tmp usr outside var/task var/runtime var/lang var/rapid
touch var/rapid/aws-lambda-rie
for device in null zero full random urandom; do
    touch "dev/$device"
    mount --bind "/dev/$device" "dev/$device"
done
ln -s /proc/self/fd dev/fd

show() { # a folder or a file of the machine, read-only
    mount --bind "$1" "$2"
    mount -o remount,bind,ro "$2"
}
show /usr usr
show /etc etc
for folder in bin lib lib64; do
    if [ -L "/$folder" ]; then
        ln -s "usr/$folder" "$folder"
    elif [ -d "/$folder" ]; then
        mkdir "$folder"
        show "/$folder" "$folder"
    fi
done
show "$task" var/task
show "$runtime" var/runtime
show "$lang" var/lang
show "$emulator" var/rapid/aws-lambda-rie
# What was installed beside a Python of this machine is not in the runtime.
for packages in var/lang/lib/python3*/*-packages usr/lib/python3*/*-packages usr/local/lib/python3*/*-packages; do
    if [ -d "$packages" ]; then mount -t tmpfs -o ro empty "$packages"; fi
done
mount -t proc proc proc
mount -t tmpfs -o size=512m,mode=1777 tmp tmp
pivot_root . outside
umount -l /outside
mount -o remount,bind,ro /
cd /var/task
# The ids of the user that Lambda runs functions as.
exec unshare --user --map-user=993 --map-group=990 -- "$@"
