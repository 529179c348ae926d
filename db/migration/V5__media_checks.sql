-- What a file's own structure says stands beside what the answer promised of it.

COMMENT ON COLUMN note_media.checks IS
    'What the promised length and MD5 said of the bytes, and last, in quotes, what is odd about the file itself: size match, md5 mismatch, remarks "no moov; pixels 720x1280, promised 1080x1920". Or whose file it is, where another note had it under the same name. NULL: nothing was promised, and nothing is odd.';
