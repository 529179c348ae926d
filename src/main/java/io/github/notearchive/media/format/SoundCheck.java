package io.github.notearchive.media.format;

import io.github.notearchive.note.MediaType;
import java.io.IOException;

/**
 * Sound that states its length or its end: WAV up to the length in its header, Ogg (RFC 3533) up to the page with the
 * end-of-stream flag, and MP3 (ISO/IEC 11172-3, 13818-3) by the number of bytes in its Xing or Info frame, if it has
 * one. Bytes behind the end are not checked.
 */
final class SoundCheck extends FileCheck {

    private static final int OGG_HEADER = 27;
    private static final int OGG_END = 0x04;
    private static final int ID3_HEADER = 10;
    private static final long UNKNOWN_LENGTH = 0xffff_ffffL;

    private final MediaType type;

    SoundCheck(FileBytes bytes, MediaType type) {
        super(bytes);
        this.type = type;
    }

    @Override
    void run() throws IOException {
        switch (type) {
            case WAV -> wav();
            case OGG -> ogg();
            default -> mp3();
        }
    }

    private void wav() throws IOException {
        long length = bytes.little(4, 4);
        if (bytes.length() >= RIFF_HEADER && (length == 0 || length == UNKNOWN_LENGTH)) {
            // as written to a pipe
            require("length in the RIFF header");
            return;
        }
        require("data");
        riff((name, _) -> found(name));
    }

    private void ogg() throws IOException {
        boolean ended = false;
        for (long at = 0; at < bytes.length(); ) {
            countPart(at);
            if (!bytes.name(at).equals("OggS")) {
                if (ended) {
                    return;
                }
                throw malformed("no Ogg page", at);
            }
            int segments = bytes.u8(at + OGG_HEADER - 1);
            long end = at + OGG_HEADER + segments;
            for (int i = 0; i < segments; i++) {
                end += bytes.u8(at + OGG_HEADER + i);
            }
            requireWithin("a page", at, end);
            ended = (bytes.u8(at + 5) & OGG_END) != 0;
            at = end;
        }
        if (!ended) {
            throw new TruncatedFileException("no page that ends the stream, file length " + bytes.length());
        }
    }

    private void mp3() throws IOException {
        long start = 0;
        while (bytes.name(start).startsWith("ID3")) {
            countPart(start);
            int content = 0;
            for (int i = 6; i < ID3_HEADER; i++) {
                content = (content << 7) | (bytes.u8(start + i) & 0x7f);
            }
            boolean hasFooter = (bytes.u8(start + 5) & 0x10) != 0;
            long end = start + ID3_HEADER + content + (hasFooter ? ID3_HEADER : 0);
            requireWithin("a tag", start, end);
            start = end;
        }
        boolean isMpeg1 = ((bytes.u8(start + 1) >> 3) & 3) == 3;
        boolean isMono = bytes.u8(start + 3) >> 6 == 3;
        long info = start + 4 + (isMpeg1 ? (isMono ? 17 : 32) : (isMono ? 9 : 17));
        String name = bytes.name(info);
        if (!name.equals("Xing") && !name.equals("Info")) {
            require(CHECK);
            return;
        }
        requireWithin("frame " + name, start, info + 16);
        long flags = bytes.big(info + 4, 4);
        if ((flags & 2) == 0) {
            require(CHECK);
            return;
        }
        long length = bytes.big(info + 8 + ((flags & 1) == 0 ? 0 : 4), 4);
        requireWithin("the " + length + " bytes of frame " + name, start, start + length);
    }
}
