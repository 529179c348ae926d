package io.github.notearchive.media.format;

import java.io.IOException;

/**
 * RIFF: chunks up to the length in the header, for WebP (RFC 9649) and WAV. A WAV that was written as a stream has 0 or
 * the greatest number as its length and that of its data. That is legal, and its end cannot be checked.
 */
final class RiffCheck extends ContainerCheck {

    private static final int HEADER = 12;
    private static final long UNKNOWN = 0xffff_ffffL;

    private final boolean picture;
    private boolean streamed;
    private boolean content;

    /** @param picture whether it is WebP, else WAV */
    RiffCheck(FileBytes bytes, boolean picture) {
        super(bytes);
        this.picture = picture;
    }

    @Override
    FileCheck run() throws IOException {
        if (bytes.length() < HEADER) {
            return truncated("the header", 0);
        }
        long size = bytes.littleEndian32(4);
        long end = 8 + size;
        streamed = !picture && (size == 0 || size == UNKNOWN);
        if (streamed) {
            remark("a stream without length");
            end = bytes.length();
        } else if (!picture && size == bytes.length()) {
            // a common error of encoders, which count their own header
            remark("the length counts too much");
            end = bytes.length();
        } else if (end > bytes.length()) {
            return truncated("the RIFF of " + end + " bytes", 0);
        }
        long at = HEADER;
        while (at + 8 <= end) {
            if (!countPart()) {
                return tooManyParts(at);
            }
            String name = bytes.name(at);
            long length = bytes.littleEndian32(at + 4);
            if (!picture && name.equals("data") && isOpen(length)) {
                remark("a stream without length");
                content = true;
                at = end;
                break;
            }
            if (at + 8 + length > end) {
                return truncated("chunk " + printable(name), at);
            }
            readChunk(name, at + 8, length);
            at += 8 + length + (length & 1);
        }
        if (streamed && (at < end || !content)) {
            return truncated("a chunk", at);
        }
        if (at < end) {
            remark("bytes after the last chunk: " + (end - at));
        } else if (at > end) {
            remark("the last chunk is not padded");
        }
        if (!content) {
            remark(picture ? "no picture data" : "no sound");
        }
        remarkTrailer(end);
        return complete();
    }

    /** Whether the data extends to the end of the file. */
    private boolean isOpen(long length) {
        return length == UNKNOWN || (length == 0 && streamed);
    }

    private void readChunk(String name, long at, long length) throws IOException {
        switch (name) {
            case "data" -> content |= length > 0;
            case "VP8 " -> {
                content = true;
                if (bytes.u24(at + 3) == 0x9d012a) {
                    measured(bytes.littleEndian16(at + 6) & 0x3fff, bytes.littleEndian16(at + 8) & 0x3fff);
                }
            }
            case "VP8L" -> {
                content = true;
                long sizes = bytes.littleEndian32(at + 1);
                measured((sizes & 0x3fff) + 1, (sizes >> 14 & 0x3fff) + 1);
            }
            case "VP8X" -> measured(bytes.littleEndian24(at + 4) + 1L, bytes.littleEndian24(at + 7) + 1L);
            case "ANMF" -> content = true;
            default -> {}
        }
    }
}
