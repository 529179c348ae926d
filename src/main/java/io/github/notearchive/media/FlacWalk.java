package io.github.notearchive.media;

import java.io.IOException;

/**
 * FLAC (RFC 9639): the blocks of metadata. The frames behind them do not say how long they are, so they are not walked.
 */
final class FlacWalk extends Walk {

    FlacWalk(FileBytes bytes) {
        super(bytes);
    }

    @Override
    Structure walk() throws IOException {
        long at = 4;
        boolean last = false;
        while (!last) {
            if (!step()) {
                return givenUp(at);
            }
            long end = at + 4 + bytes.u24(at + 1);
            if (at + 4 > bytes.length() || end > bytes.length()) {
                return cut("a block of metadata", at);
            }
            last = (bytes.u8(at) & 0x80) != 0;
            at = end;
        }
        if (at == bytes.length()) {
            remark("no sound");
        }
        return whole();
    }
}
