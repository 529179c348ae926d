package io.github.notearchive.media.format;

import io.github.notearchive.note.MediaType;
import java.io.IOException;
import java.util.Set;

/** Pictures that end with a marker: JPEG, PNG and GIF. Bytes behind it are not checked. */
final class PictureCheck extends FileCheck {

    private static final String NO_DATA = "no picture data";

    private static final int JPEG_SOI = 0xd8;
    private static final int JPEG_TEM = 0x01;
    private static final int JPEG_EOI = 0xd9;
    private static final int JPEG_SOS = 0xda;

    /** Markers among those of frame headers that are none: DHT, JPG and DAC. */
    private static final Set<Integer> JPEG_NO_FRAME = Set.of(0xc4, 0xc8, 0xcc);

    private static final int PNG_SIGNATURE = 8;

    private static final int GIF_HEADER = 13;
    private static final int GIF_IMAGE = 0x2c;
    private static final int GIF_EXTENSION = 0x21;
    private static final int GIF_TRAILER = 0x3b;

    PictureCheck(FileBytes bytes, MediaType type) {
        super(bytes, type);
    }

    @Override
    void run() throws IOException {
        switch (type) {
            case JPEG -> jpeg();
            case PNG -> png();
            default -> gif();
        }
    }

    /** Reads segments and coded data up to the marker EOI (ITU-T T.81, annex B). */
    private void jpeg() throws IOException {
        boolean scanned = false;
        long at = 2;
        while (true) {
            long marker = jpegMarker(at);
            if (marker + 1 >= bytes.length()) {
                throw withoutEnd();
            }
            if (marker > at && !scanned) {
                remark("stray bytes between segments");
            }
            countPart(marker);
            int code = bytes.u8(marker + 1);
            at = marker + 2;
            if (code == JPEG_EOI) {
                remarkEnd(at, scanned, NO_DATA);
                return;
            }
            if (code == JPEG_SOI || code == JPEG_TEM) {
                continue;
            }
            long length = bytes.big(at, 2);
            requireWithin("segment " + Integer.toHexString(code), marker, at + Math.max(2, length));
            if (length < 2) {
                throw malformed("a segment of length " + length, marker);
            }
            if (code >= 0xc0 && code <= 0xcf && !JPEG_NO_FRAME.contains(code)) {
                measured(bytes.big(at + 5, 2), bytes.big(at + 3, 2));
            }
            scanned |= code == JPEG_SOS;
            at += length;
        }
    }

    /** Position of the next marker outside of coded data, whose bytes are stuffed; the file length if there is none. */
    private long jpegMarker(long from) throws IOException {
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

    /** Reads chunks up to IEND (ISO/IEC 15948). */
    private void png() throws IOException {
        boolean data = false;
        long end;
        for (long at = PNG_SIGNATURE; ; at = end) {
            countPart(at);
            requireWithin("a chunk", at, at + 12);
            long size = bytes.big(at, 4);
            String name = bytes.name(at + 4);
            if (size > Integer.MAX_VALUE || !name.matches("[A-Za-z]{4}")) {
                throw malformed("no PNG chunk", at);
            }
            end = at + 12 + size;
            requireWithin("chunk " + name, at, end);
            switch (name) {
                case "IHDR" -> measured(bytes.big(at + 8, 4), bytes.big(at + 12, 4));
                case "IDAT" -> data = true;
                case "IEND" -> {
                    remarkEnd(end, data, NO_DATA);
                    return;
                }
                default -> {}
            }
        }
    }

    /** Reads blocks up to the trailer (version 89a, appendix B). */
    private void gif() throws IOException {
        requireWithin("the header", 0, GIF_HEADER);
        measured(bytes.little(6, 2), bytes.little(8, 2));
        boolean image = false;
        long at = GIF_HEADER + colourTable(bytes.u8(10));
        while (at < bytes.length()) {
            countPart(at);
            switch (bytes.u8(at)) {
                case GIF_TRAILER -> {
                    remarkEnd(at + 1, image, NO_DATA);
                    return;
                }
                case GIF_IMAGE -> {
                    image = true;
                    at = gifBlock(at, at + 10 + colourTable(bytes.u8(at + 9)) + 1);
                }
                case GIF_EXTENSION -> at = gifBlock(at, at + 2);
                case 0 -> {
                    // written by some encoders between blocks, skipped by every decoder
                    remark("stray bytes between blocks");
                    at++;
                }
                default -> throw malformed("no GIF block", at);
            }
        }
        throw withoutEnd();
    }

    /** Returns the end of a block, whose parts state their lengths. */
    private long gifBlock(long start, long data) throws IOException {
        long at = data;
        while (bytes.u8(at) != 0) {
            countPart(at);
            at += 1 + bytes.u8(at);
        }
        requireWithin("a block", start, at + 1);
        return at + 1;
    }

    private static long colourTable(int flags) {
        return (flags & 0x80) == 0 ? 0 : 3L << ((flags & 7) + 1);
    }

    private TruncatedFileException withoutEnd() {
        return new TruncatedFileException("no end marker, file length " + bytes.length());
    }
}
