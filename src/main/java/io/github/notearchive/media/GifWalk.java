package io.github.notearchive.media;

import java.io.IOException;

/** GIF (version 89a, appendix B): blocks up to the trailer. */
final class GifWalk extends Walk {

    private static final long HEADER = 13;
    private static final int IMAGE = 0x2c;
    private static final int EXTENSION = 0x21;
    private static final int TRAILER = 0x3b;

    GifWalk(FileBytes bytes) {
        super(bytes);
    }

    @Override
    Structure walk() throws IOException {
        if (bytes.length() < HEADER) {
            return cut("the header", 0);
        }
        measured(bytes.littleEndian16(6), bytes.littleEndian16(8));
        boolean image = false;
        long at = HEADER + colours(bytes.u8(10));
        while (at < bytes.length()) {
            if (!step()) {
                return givenUp(at);
            }
            long data;
            switch (bytes.u8(at)) {
                case TRAILER -> {
                    if (!image) {
                        remark("no picture data");
                    }
                    remarkTrailer(at + 1);
                    return whole();
                }
                case IMAGE -> {
                    image = true;
                    data = at + 10 + colours(bytes.u8(at + 9)) + 1;
                }
                case EXTENSION -> data = at + 2;
                case 0 -> {
                    // what some writers leave between blocks, and every reader skips
                    remark("stray bytes between blocks");
                    at++;
                    continue;
                }
                default -> {
                    return malformed("no block", at);
                }
            }
            while (data < bytes.length() && bytes.u8(data) != 0) {
                if (!step()) {
                    return givenUp(data);
                }
                data += 1 + bytes.u8(data);
            }
            if (data >= bytes.length()) {
                return cut("a block", at);
            }
            at = data + 1;
        }
        return new Structure.Cut("no end of the picture, the file ends at " + bytes.length());
    }

    /** How many bytes the table of colours takes that these flags announce. */
    private static int colours(int flags) {
        return (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);
    }
}
