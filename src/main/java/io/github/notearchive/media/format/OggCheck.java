package io.github.notearchive.media.format;

import java.io.IOException;

/** Ogg (RFC 3533): pages to the end of the file; the last one should have the end-of-stream flag. */
final class OggCheck extends ContainerCheck {

    private static final int HEADER = 27;
    private static final int LAST = 0x04;

    OggCheck(FileBytes bytes) {
        super(bytes);
    }

    @Override
    FileCheck run() throws IOException {
        boolean ended = false;
        long at = 0;
        while (at < bytes.length()) {
            if (!countPart()) {
                return tooManyParts(at);
            }
            if (!bytes.startsWith(at, "OggS")) {
                if (ended) {
                    remarkTrailer(at);
                    return complete();
                }
                return malformed("no Ogg page", at);
            }
            int segments = bytes.u8(at + 26);
            long end = at + HEADER + segments;
            for (int i = 0; i < segments; i++) {
                end += bytes.u8(at + HEADER + i);
            }
            if (at + HEADER + segments > bytes.length() || end > bytes.length()) {
                return truncated("a page", at);
            }
            ended = (bytes.u8(at + 5) & LAST) != 0;
            at = end;
        }
        if (at == 0) {
            return truncated("a page", 0);
        }
        if (!ended) {
            remark("the last page does not end the stream");
        }
        return complete();
    }
}
