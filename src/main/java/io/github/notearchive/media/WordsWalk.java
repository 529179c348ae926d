package io.github.notearchive.media;

import java.io.IOException;

/**
 * Subtitles, SRT or WebVTT: read once through, as the few megabytes that they may have at most. Where they break off
 * cannot be told, since neither says how much there is.
 */
final class WordsWalk extends Walk {

    WordsWalk(FileBytes bytes) {
        super(bytes);
    }

    @Override
    Structure walk() throws IOException {
        long binary = bytes.find(0, 0);
        if (binary < bytes.length()) {
            return malformed("a zero in a text", binary);
        }
        long arrow = bytes.find('>', 0);
        while (arrow < bytes.length() && !isArrow(arrow)) {
            arrow = bytes.find('>', arrow + 1);
        }
        if (arrow == bytes.length()) {
            remark("no words");
        }
        return whole();
    }

    /** Between the times of a line of subtitles stands an arrow. */
    private boolean isArrow(long at) throws IOException {
        return bytes.u8(at - 1) == '-' && bytes.u8(at - 2) == '-';
    }
}
