package io.github.notearchive.media;

import java.io.IOException;

/** Ogg (RFC 3533): pages to the end, the last of which should say that it is. */
final class OggWalk extends Walk {

    private static final int HEADER = 27;
    private static final int LAST = 0x04;

    OggWalk(FileBytes bytes) {
        super(bytes);
    }

    @Override
    Structure walk() throws IOException {
        boolean ended = false;
        long at = 0;
        while (at < bytes.length()) {
            if (!step()) {
                return givenUp(at);
            }
            if (!bytes.begins(at, "OggS")) {
                if (ended) {
                    remarkTrailer(at);
                    return whole();
                }
                return malformed("no page", at);
            }
            int segments = bytes.u8(at + 26);
            long end = at + HEADER + segments;
            for (int i = 0; i < segments; i++) {
                end += bytes.u8(at + HEADER + i);
            }
            if (at + HEADER + segments > bytes.length() || end > bytes.length()) {
                return cut("a page", at);
            }
            ended = (bytes.u8(at + 5) & LAST) != 0;
            at = end;
        }
        if (at == 0) {
            return cut("a page", 0);
        }
        if (!ended) {
            remark("the last page does not end the stream");
        }
        return whole();
    }
}
