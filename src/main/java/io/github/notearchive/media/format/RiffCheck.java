package io.github.notearchive.media.format;

import io.github.notearchive.note.MediaType;
import java.io.IOException;

/**
 * RIFF: chunks up to the length in the header, for WebP (RFC 9649) and WAV. A WAV that was written as a stream has 0 or
 * the greatest number as its length and that of its data. That is legal, and its end cannot be checked.
 */
final class RiffCheck extends FileCheck {

    private static final int HEADER = 12;
    private static final long UNKNOWN = 0xffff_ffffL;

    private final boolean picture;
    private boolean content;

    RiffCheck(FileBytes bytes, MediaType type) {
        super(bytes, type);
        picture = type == MediaType.WEBP;
    }

    @Override
    void run() throws IOException {
        requireWithin("the header", 0, HEADER);
        long size = bytes.little(4, 4);
        boolean streamed = !picture && (size == 0 || size == UNKNOWN);
        // a common error of encoders, which count their own header
        boolean miscounted = !picture && size == bytes.length();
        if (streamed || miscounted) {
            remark(streamed ? "a stream without length" : "the length counts too much");
        } else {
            requireWithin("the RIFF of " + (8 + size) + " bytes", 0, 8 + size);
        }
        long end = streamed || miscounted ? bytes.length() : 8 + size;
        long at = HEADER;
        while (at + 8 <= end) {
            countPart(at);
            String name = bytes.name(at);
            long length = bytes.little(at + 4, 4);
            if (!picture && name.equals("data") && (length == UNKNOWN || (length == 0 && streamed))) {
                remark("a stream without length");
                content = true;
                at = end;
                break;
            }
            if (at + 8 + length > end) {
                throw truncated("chunk " + FileBytes.printable(name), at);
            }
            readChunk(name, at + 8, length);
            at += 8 + length + (length & 1);
        }
        if (streamed && (at < end || !content)) {
            throw truncated("a chunk", at);
        }
        if (at < end) {
            remark("bytes after the last chunk: " + (end - at));
        } else if (at > end) {
            remark("the last chunk is not padded");
        }
        remarkEnd(end, content, picture ? "no picture data" : "no sound");
    }

    private void readChunk(String name, long at, long length) throws IOException {
        switch (name) {
            case "data" -> content |= length > 0;
            case "ANMF" -> content = true;
            case "VP8 " -> {
                content = true;
                if (bytes.big(at + 3, 3) == 0x9d012a) {
                    measured(bytes.little(at + 6, 2) & 0x3fff, bytes.little(at + 8, 2) & 0x3fff);
                }
            }
            case "VP8L" -> {
                content = true;
                long sizes = bytes.little(at + 1, 4);
                measured((sizes & 0x3fff) + 1, (sizes >> 14 & 0x3fff) + 1);
            }
            case "VP8X" -> measured(bytes.little(at + 4, 3) + 1, bytes.little(at + 7, 3) + 1);
            default -> {}
        }
    }
}
