#!/usr/bin/env python3
"""What a user would script: fetch notes and their files, compute SHA-256, store them in S3.

archive.py IDS THREADS, with API, STORE, BUCKET, ACCESS_KEY and SECRET_KEY in the environment. No retry, no check of
files. With DATABASE (a libpq URL; needs psycopg2), it commits a ledger row before each call, the response after it, and
the note with its files at the end: 3 commits, 5 statements a note. Without, it uses the standard library only. Prints
notes that fail; the exit code is 1 then.
"""
import base64
import datetime
import hashlib
import hmac
import http.client
import json
import os
import queue
import sys
import threading
import urllib.parse

DATABASE = os.environ.get("DATABASE")
if DATABASE:
    import psycopg2

API = os.environ["API"]
STORE = urllib.parse.urlsplit(os.environ["STORE"])
BUCKET = os.environ["BUCKET"]
ACCESS_KEY = os.environ["ACCESS_KEY"]
REGION, SERVICE = "us-east-1", "s3"
SIGNED = "content-type;host;x-amz-checksum-sha256;x-amz-content-sha256;x-amz-date"


def signing_key(day):
    key = ("AWS4" + os.environ["SECRET_KEY"]).encode()
    for part in (day, REGION, SERVICE, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


SCHEMA = """
CREATE TABLE call (id bigserial PRIMARY KEY, note_id text NOT NULL, sent_at timestamptz NOT NULL DEFAULT now(),
                   received_at timestamptz, response bytea);
CREATE TABLE note (id text PRIMARY KEY, call_id bigint NOT NULL REFERENCES call, title text, detail jsonb NOT NULL);
CREATE TABLE media (note_id text NOT NULL REFERENCES note, url text NOT NULL, sha256 text NOT NULL, size bigint NOT NULL);
CREATE TABLE done (note_id text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());
"""

DAY = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%d")
KEY = signing_key(DAY)
SCOPE = f"{DAY}/{REGION}/{SERVICE}/aws4_request"


class Worker(threading.Thread):
    def __init__(self, ids):
        super().__init__()
        self.ids = ids
        self.connections = {}
        self.failed = 0
        self.database = psycopg2.connect(DATABASE) if DATABASE else None

    def connection(self, netloc):
        if netloc not in self.connections:
            self.connections[netloc] = http.client.HTTPConnection(netloc, timeout=60)
        return self.connections[netloc]

    def run(self):
        while True:
            try:
                note = self.ids.get_nowait()
            except queue.Empty:
                return
            try:
                self.archive(note)
            except Exception as e:
                self.failed += 1
                for connection in self.connections.values():
                    connection.close()
                print(f"{note}: {e!r}", file=sys.stderr)

    def get(self, url):
        parts = urllib.parse.urlsplit(url)
        connection = self.connection(parts.netloc)
        connection.request("GET", url[url.index(parts.netloc) + len(parts.netloc):])
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise RuntimeError(f"{url} status {response.status}")
        return response.headers["Content-Type"], body

    def execute(self, *statements):
        """Executes statements with their parameters in one transaction; returns the first column of the first."""
        with self.database, self.database.cursor() as cursor:
            value = None
            for sql, parameters in statements:
                cursor.execute(sql, parameters)
                if value is None and cursor.description:
                    value = cursor.fetchone()[0]
            return value

    def archive(self, note):
        if self.database:
            call = self.execute(("INSERT INTO call (note_id) VALUES (%s) RETURNING id", (note,)))
        _, body = self.get(f"{API}/api/xiaohongshu/get-note-detail/v1?token=bench&noteId={note}")
        answer = json.loads(body)
        if answer["code"] != 0:
            raise RuntimeError(f"code {answer['code']}")
        if self.database:
            self.execute(("UPDATE call SET received_at = now(), response = %s WHERE id = %s", (body, call)))
        detail = answer["data"][0]["note_list"][0]
        files = []
        for url in urls(detail):
            content_type, file = self.get(url)
            files.append((note, url, self.put(content_type, file), len(file)))
        if self.database:
            values = ",".join(["(%s, %s, %s, %s)"] * len(files))
            self.execute(
                ("INSERT INTO note VALUES (%s, %s, %s, %s)", (note, call, detail.get("title"), json.dumps(detail))),
                ("INSERT INTO media VALUES " + values, [field for file in files for field in file]),
                ("INSERT INTO done (note_id) VALUES (%s)", (note,)))

    def put(self, content_type, body):
        digest = hashlib.sha256(body)
        sha256 = digest.hexdigest()
        checksum = base64.b64encode(digest.digest()).decode()
        path = f"/{BUCKET}/media/{sha256[:2]}/{sha256}"
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        request = (
            f"PUT\n{path}\n\ncontent-type:{content_type}\nhost:{STORE.netloc}\nx-amz-checksum-sha256:{checksum}\n"
            f"x-amz-content-sha256:{sha256}\nx-amz-date:{now}\n\n{SIGNED}\n{sha256}"
        )
        to_sign = f"AWS4-HMAC-SHA256\n{now}\n{SCOPE}\n{hashlib.sha256(request.encode()).hexdigest()}"
        signature = hmac.digest(KEY, to_sign.encode(), "sha256").hex()
        connection = self.connection(STORE.netloc)
        connection.request("PUT", path, body, {
            "Content-Type": content_type,
            "x-amz-checksum-sha256": checksum,
            "x-amz-content-sha256": sha256,
            "x-amz-date": now,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{SCOPE}, SignedHeaders={SIGNED}, Signature={signature}",
        })
        response = connection.getresponse()
        response.read()
        if response.status != 200:
            raise RuntimeError(f"PUT {path}: status {response.status}")
        return sha256


def urls(note):
    for image in note.get("images_list", []):
        yield image["original"]
    streams = note.get("video_info_v2", {}).get("media", {}).get("stream", {})
    for codec in ("h265", "h264"):
        if streams.get(codec):
            yield streams[codec][0]["master_url"]
            break
    if note.get("native_voice_info", {}).get("url"):
        yield note["native_voice_info"]["url"]


def main():
    if DATABASE:
        with psycopg2.connect(DATABASE) as database, database.cursor() as cursor:
            cursor.execute(SCHEMA)
    ids = queue.SimpleQueue()
    with open(sys.argv[1]) as file:
        for line in file:
            ids.put(line.strip())
    workers = [Worker(ids) for _ in range(int(sys.argv[2]))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    sys.exit(1 if any(worker.failed for worker in workers) else 0)


main()
