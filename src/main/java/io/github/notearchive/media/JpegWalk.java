package io.github.notearchive.media;

import java.io.IOException;

/**
 * JPEG (ITU-T T.81, annex B): segments, and between them coded data, up to the marker EOI. What comes behind it, such
 * as the film of a motion photo or a maker's own data, is not walked.
 */
final class JpegWalk extends Walk {

    private static final int SOI = 0xd8;
    private static final int EOI = 0xd9;
    private static final int SOS = 0xda;
    private static final int DHT = 0xc4;
    private static final int JPG = 0xc8;
    private static final int DAC = 0xcc;

    JpegWalk(FileBytes bytes) {
        super(bytes);
    }

    @Override
    Structure walk() throws IOException {
        boolean scanned = false;
        long at = 2;
        while (true) {
            long marker = marker(at);
            if (marker + 1 >= bytes.length()) {
                return new Structure.Cut("no end of the picture, the file ends at " + bytes.length());
            }
            if (marker > at && !scanned) {
                remark("stray bytes between segments");
            }
            if (!step()) {
                return givenUp(marker);
            }
            int code = bytes.u8(marker + 1);
            if (code == EOI) {
                if (!scanned) {
                    remark("no picture data");
                }
                remarkTrailer(marker + 2);
                return whole();
            }
            if (code == SOI || code == 0x01) {
                at = marker + 2;
                continue;
            }
            int length = bytes.u16(marker + 2);
            if (marker + 4 > bytes.length() || marker + 2 + length > bytes.length()) {
                return cut("segment " + Integer.toHexString(code), marker);
            }
            if (length < 2) {
                return malformed("a segment of length " + length, marker);
            }
            if (code >= 0xc0 && code <= 0xcf && code != DHT && code != JPG && code != DAC) {
                measured(bytes.u16(marker + 7), bytes.u16(marker + 5));
            }
            scanned |= code == SOS;
            at = marker + 2 + length;
        }
    }

    /**
     * The next marker that is none of coded data. Coded data may lie before it, stuffed so that it holds no other
     * marker.
     */
    private long marker(long from) throws IOException {
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
