package io.github.notearchive.media.format;

import io.github.notearchive.note.MediaType;
import java.io.IOException;

/**
 * Pictures of chunks with names and lengths: PNG (ISO/IEC 15948) up to the chunk IEND, and WebP (RFC 9649) up to the
 * length in its header. Bytes behind the end are not checked.
 */
final class ChunkCheck extends FileCheck {

    private static final int PNG_SIGNATURE = 8;
    private static final int RIFF_HEADER = 12;

    private final MediaType type;

    ChunkCheck(FileBytes bytes, MediaType type) {
        super(bytes, PICTURE_DATA);
        this.type = type;
    }

    @Override
    void run() throws IOException {
        if (type == MediaType.PNG) {
            png();
        } else {
            webp();
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

    private void webp() throws IOException {
        requireWithin("the header", 0, RIFF_HEADER);
        long end = 8 + bytes.little(4, 4);
        requireWithin("the RIFF of " + end + " bytes", 0, end);
        for (long at = RIFF_HEADER; at + 8 <= end; ) {
            countPart(at);
            String name = bytes.name(at);
            long length = bytes.little(at + 4, 4);
            if (at + 8 + length > end) {
                throw truncated("chunk " + FileBytes.printable(name), at);
            }
            readChunk(name, at + 8);
            at += 8 + length + (length & 1);
        }
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
