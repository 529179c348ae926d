package io.github.notearchive.media.format;

import java.io.IOException;

/** Reads the dimensions of a GIF. Its blocks are not followed. */
final class GifHeader extends FileCheck {

    private static final int LENGTH = 13;

    GifHeader(FileBytes bytes) {
        super(bytes);
    }

    @Override
    void run() throws IOException {
        requireWithin("the header", 0, LENGTH);
        measured(bytes.little(6, 2), bytes.little(8, 2));
    }
}
