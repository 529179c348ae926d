package io.github.notearchive.media.format;

import io.github.notearchive.note.MediaType;
import java.io.IOException;
import java.util.Set;

/**
 * Pictures of segments or chunks: JPEG (ITU-T T.81, annex B) up to an end marker, PNG (ISO/IEC 15948) up to the chunk
 * IEND, WebP (RFC 9649) up to the length in its header, and GIF up to its trailer. Bytes behind the end are not
 * checked.
 */
final class PictureCheck extends FileCheck {

    private static final String PICTURE_DATA = "picture data";

    private static final int SOI = 0xd8;
    private static final int TEM = 0x01;
    private static final int EOI = 0xd9;
    private static final int SOS = 0xda;

    /** Markers among those of frame headers that are none: DHT, JPG and DAC. */
    private static final Set<Integer> NO_FRAME = Set.of(0xc4, 0xc8, 0xcc);

    private static final int PNG_SIGNATURE = 8;
    private static final int GIF_HEADER = 13;
    private static final int GIF_TRAILER = 0x3b;
    private static final int GIF_EXTENSION = 0x21;
    private static final int GIF_IMAGE = 0x2c;

    private final MediaType type;

    PictureCheck(FileBytes bytes, MediaType type) {
        super(bytes);
        this.type = type;
    }

    @Override
    void run() throws IOException {
        require(PICTURE_DATA);
        switch (type) {
            case PNG -> png();
            case WEBP -> riff(this::readChunk);
            case GIF -> gif();
            default -> jpeg();
        }
    }

    private void jpeg() throws IOException {
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

    private void png() throws IOException {
        String name = "";
        for (long at = PNG_SIGNATURE; !name.equals("IEND"); ) {
            countPart(at);
            requireWithin("a chunk", at, at + 12);
            long length = bytes.big(at, 4);
            name = bytes.name(at + 4);
            if (length > Integer.MAX_VALUE || !name.matches("[A-Za-z]{4}")) {
                throw malformed("no PNG chunk", at);
            }
            requireWithin("chunk " + name, at, at + 12 + length);
            readChunk(name, at + 8);
            at += 12 + length;
        }
    }

    private void gif() throws IOException {
        requireWithin("the header", 0, GIF_HEADER);
        measured(bytes.little(6, 2), bytes.little(8, 2));
        long at = (long) GIF_HEADER + colours(bytes.u8(10));
        while (true) {
            countPart(at);
            requireWithin("a block", at, at + 1);
            switch (bytes.u8(at)) {
                case GIF_TRAILER -> {
                    return;
                }
                case GIF_EXTENSION -> at = skipBlocks(at + 2);
                case GIF_IMAGE -> {
                    found(PICTURE_DATA);
                    at = skipBlocks(at + 11 + colours(bytes.u8(at + 9)));
                }
                default -> throw malformed("no GIF block", at);
            }
        }
    }

    /** Length of the colour table that these flags announce. */
    private static int colours(int flags) {
        return (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);
    }

    /** Returns the end of a list of blocks of data, which a block without content ends. */
    private long skipBlocks(long from) throws IOException {
        long at = from;
        for (int length = -1; length != 0; at += 1 + length) {
            countPart(at);
            requireWithin("a block", at, at + 1);
            length = bytes.u8(at);
        }
        return at;
    }

    private void readChunk(String name, long at) throws IOException {
        switch (name) {
            case "IHDR" -> measured(bytes.big(at, 4), bytes.big(at + 4, 4));
            case "IDAT", "ANMF" -> found(PICTURE_DATA);
            case "VP8 " -> {
                found(PICTURE_DATA);
                if (bytes.big(at + 3, 3) == 0x9d012a) {
                    measured(bytes.little(at + 6, 2) & 0x3fff, bytes.little(at + 8, 2) & 0x3fff);
                }
            }
            case "VP8L" -> {
                found(PICTURE_DATA);
                long sizes = bytes.little(at + 1, 4);
                measured((sizes & 0x3fff) + 1, (sizes >> 14 & 0x3fff) + 1);
            }
            case "VP8X" -> measured(bytes.little(at + 4, 3) + 1, bytes.little(at + 7, 3) + 1);
            default -> {}
        }
    }
}
