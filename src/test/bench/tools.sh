#!/bin/bash
# tools.sh DOWNLOADER UPLOADER IDS: what a user would script with the usual tools: notes, their files, SHA-256, into an S3
# store, in batches of 100 notes through tmpfs. No catalog, no ledger, no check, and no retry but what the tools do by
# themselves.
#
#   DOWNLOADER  curl, wget2 or aria2c
#   UPLOADER    curl, rclone, minio-client or s3cmd
#
# API, STORE, BUCKET, ACCESS_KEY and SECRET_KEY come from the environment. Exit code 1: some tool said that it failed.
set -uo pipefail

downloader=$1 uploader=$2 ids=$3
batch=100
parallel=16
scratch=$(mktemp -d /dev/shm/note-archive-bench-XXXXXX)
trap 'rm -rf "$scratch"' EXIT
failed=0

# Reads lines "URL NAME" and fetches each into directory $1.
download() {
    case $downloader in
    curl)
        sed "s|^\([^ ]*\) \(.*\)|url=\"\1\"\noutput=\"$1/\2\"|" >"$scratch/list"
        curl -sS --globoff -Z --parallel-max $parallel -K "$scratch/list" || failed=1
        ;;
    wget2)
        cut -d' ' -f1 >"$scratch/list"
        wget2 -q --max-threads=$parallel --no-robots -P "$1" -i "$scratch/list" || failed=1
        ;;
    aria2c)
        sed 's|^\([^ ]*\) \(.*\)|\1\n out=\2|' >"$scratch/list"
        aria2c -q -j $parallel -x 1 --file-allocation=none --auto-file-renaming=false -d "$1" -i "$scratch/list" || failed=1
        ;;
    esac
}

# Names each file of directory $1 by its SHA-256, and puts them all into the store.
upload() {
    case $uploader in
    curl)
        find "$1" -type f ! -name "*.aria2" -print0 | xargs -0 -r openssl dgst -sha256 -r |
            sed "s|^\([0-9a-f]*\) \*\(.*\)|next\nurl=\"$STORE/$BUCKET/media/\1\"\nupload-file=\"\2\"\nheader=\"x-amz-content-sha256: \1\"\naws-sigv4=\"aws:amz:us-east-1:s3\"\nuser=\"$ACCESS_KEY:$SECRET_KEY\"\nfail\nsilent\nshow-error|" |
            sed 1d >"$scratch/list"
        curl -Z --parallel-max $parallel -K "$scratch/list" || failed=1
        ;;
    *)
        mkdir "$scratch/named"
        find "$1" -type f ! -name "*.aria2" -print0 | xargs -0 -r openssl dgst -sha256 -r |
            sed "s|^\([0-9a-f]*\) \*\(.*\)|mv '\2' '$scratch/named/\1'|" | sh
        case $uploader in
        rclone)
            RCLONE_CONFIG=/dev/null rclone copy "$scratch/named" \
                ":s3,provider=Minio,endpoint='$STORE',access_key_id=$ACCESS_KEY,secret_access_key=$SECRET_KEY,no_check_bucket=true:$BUCKET/media" \
                --transfers $parallel --checkers $parallel --no-check-dest -q || failed=1
            ;;
        minio-client)
            MC_CONFIG_DIR="$scratch/mc" MC_HOST_sink="${STORE/:\/\//://$ACCESS_KEY:$SECRET_KEY@}" \
                minio-client --quiet cp --recursive "$scratch/named/" "sink/$BUCKET/media/" >/dev/null || failed=1
            ;;
        s3cmd)
            s3cmd -c /dev/null --access_key="$ACCESS_KEY" --secret_key="$SECRET_KEY" --host="${STORE#http://}" \
                --host-bucket="${STORE#http://}" --no-ssl --region=us-east-1 --no-progress -q \
                put --recursive "$scratch/named/" "s3://$BUCKET/media/" >/dev/null || failed=1
            ;;
        esac
        rm -rf "$scratch/named"
        ;;
    esac
}

split -l $batch "$ids" "$scratch/ids-"
for part in "$scratch"/ids-*; do
    mkdir "$scratch/answers" "$scratch/files"
    sed "s|.*|$API/api/xiaohongshu/get-note-detail/v1?token=bench\&noteId=& &|" "$part" | download "$scratch/answers"
    find "$scratch/answers" -type f -print0 | xargs -0 -r cat |
        jq -r '.data[0].note_list[0] // empty
            | (.images_list[].original), (.video_info_v2.media.stream // {} | (.h265[0] // .h264[0] // empty).master_url),
              (.native_voice_info.url // empty)' |
        awk '{ print $1 " " NR }' | download "$scratch/files"
    upload "$scratch/files"
    rm -rf "$scratch/answers" "$scratch/files"
done
exit $failed
