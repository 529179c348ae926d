package io.github.notearchive.media.format;

import java.io.IOException;

/**
 * JPEG (ITU-T T.81, annex B): segments and coded data up to the marker EOI. Bytes behind it, such as the film of a
 * motion photo or data of the camera maker, are not checked.
 */
final class JpegCheck extends ContainerCheck {

    private static final int SOI = 0xd8;
    private static final int EOI = 0xd9;
    private static final int SOS = 0xda;
    private static final int DHT = 0xc4;
    private static final int JPG = 0xc8;
    private static final int DAC = 0xcc;

    JpegCheck(FileBytes bytes) {
        super(bytes);
    }

    @Override
    FileCheck run() throws IOException {
        boolean scanned = false;
        long at = 2;
        while (true) {
            long marker = marker(at);
            if (marker + 1 >= bytes.length()) {
                return withoutEnd();
            }
            if (marker > at && !scanned) {
                remark("stray bytes between segments");
            }
            if (!countPart()) {
                return tooManyParts(marker);
            }
            int code = bytes.u8(marker + 1);
            if (code == EOI) {
                if (!scanned) {
                    remark("no picture data");
                }
                remarkTrailer(marker + 2);
                return complete();
            }
            if (code == SOI || code == 0x01) {
                at = marker + 2;
                continue;
            }
            int length = bytes.u16(marker + 2);
            if (marker + 4 > bytes.length() || marker + 2 + length > bytes.length()) {
                return truncated("segment " + Integer.toHexString(code), marker);
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
     * Position of the next marker that is not part of coded data, whose bytes are stuffed so that they form no other.
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
