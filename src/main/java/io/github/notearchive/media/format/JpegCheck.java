package io.github.notearchive.media.format;

import java.io.IOException;
import java.util.Set;

/** JPEG (ITU-T T.81, annex B): segments and coded data up to an end marker. Bytes behind it are not checked. */
final class JpegCheck extends FileCheck {

    private static final int SOI = 0xd8;
    private static final int TEM = 0x01;
    private static final int EOI = 0xd9;
    private static final int SOS = 0xda;

    /** Markers among those of frame headers that are none: DHT, JPG and DAC. */
    private static final Set<Integer> NO_FRAME = Set.of(0xc4, 0xc8, 0xcc);

    JpegCheck(FileBytes bytes) {
        super(bytes, PICTURE_DATA);
    }

    @Override
    void run() throws IOException {
        long at = 2;
        while (true) {
            long marker = nextMarker(at);
            if (marker + 1 >= bytes.length()) {
                throw new TruncatedFileException("no end marker, file length " + bytes.length());
            }
            countPart(marker);
            int code = bytes.u8(marker + 1);
            at = marker + 2;
            if (code == EOI) {
                return;
            }
            if (code == SOI || code == TEM) {
                continue;
            }
            long length = bytes.big(at, 2);
            requireWithin("segment " + Integer.toHexString(code), marker, at + Math.max(2, length));
            if (length < 2) {
                throw malformed("a segment of length " + length, marker);
            }
            if (code >= 0xc0 && code <= 0xcf && !NO_FRAME.contains(code)) {
                measured(bytes.big(at + 5, 2), bytes.big(at + 3, 2));
            }
            if (code == SOS) {
                found(PICTURE_DATA);
            }
            at += length;
        }
    }

    /** Position of the next marker outside of coded data, whose bytes are stuffed; the file length if there is none. */
    private long nextMarker(long from) throws IOException {
        long at = from;
        while (true) {
            at = bytes.find(0xff, at);
            if (at + 1 >= bytes.length()) {
                return bytes.length();
            }
            int code = bytes.u8(at + 1);
            boolean restarts = code >= 0xd0 && code <= 0xd7;
            if (code == 0xff) {
                at++;
            } else if (code == 0 || restarts) {
                at += 2;
            } else {
                return at;
            }
        }
    }
}
