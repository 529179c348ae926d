package io.github.notearchive.media.format;

import java.io.IOException;

/** GIF (version 89a, appendix B): blocks up to the trailer. */
final class GifCheck extends ContainerCheck {

    private static final long HEADER = 13;
    private static final int IMAGE = 0x2c;
    private static final int EXTENSION = 0x21;
    private static final int TRAILER = 0x3b;

    GifCheck(FileBytes bytes) {
        super(bytes);
    }

    @Override
    FileCheck run() throws IOException {
        if (bytes.length() < HEADER) {
            return truncated("the header", 0);
        }
        measured(bytes.littleEndian16(6), bytes.littleEndian16(8));
        boolean image = false;
        long at = HEADER + colourTable(bytes.u8(10));
        while (at < bytes.length()) {
            if (!countPart()) {
                return tooManyParts(at);
            }
            long data;
            switch (bytes.u8(at)) {
                case TRAILER -> {
                    if (!image) {
                        remark("no picture data");
                    }
                    remarkTrailer(at + 1);
                    return complete();
                }
                case IMAGE -> {
                    image = true;
                    data = at + 10 + colourTable(bytes.u8(at + 9)) + 1;
                }
                case EXTENSION -> data = at + 2;
                case 0 -> {
                    // written by some encoders between blocks, skipped by every decoder
                    remark("stray bytes between blocks");
                    at++;
                    continue;
                }
                default -> {
                    return malformed("no GIF block", at);
                }
            }
            while (data < bytes.length() && bytes.u8(data) != 0) {
                if (!countPart()) {
                    return tooManyParts(data);
                }
                data += 1 + bytes.u8(data);
            }
            if (data >= bytes.length()) {
                return truncated("a block", at);
            }
            at = data + 1;
        }
        return withoutEnd();
    }

    /** Length of the colour table that these flags announce. */
    private static int colourTable(int flags) {
        return (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);
    }
}
