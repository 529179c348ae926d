package io.github.notearchive.media.format;

import java.io.IOException;
import java.util.zip.CRC32;

/** PNG (ISO/IEC 15948): chunks up to IEND. */
final class PngCheck extends ContainerCheck {

    private static final int SIGNATURE = 8;

    PngCheck(FileBytes bytes) {
        super(bytes);
    }

    @Override
    FileCheck run() throws IOException {
        boolean data = false;
        long at = SIGNATURE;
        while (true) {
            if (!countPart()) {
                return tooManyParts(at);
            }
            if (at + 12 > bytes.length()) {
                return truncated("a chunk", at);
            }
            long size = bytes.u32(at);
            String name = bytes.name(at + 4);
            if (size > Integer.MAX_VALUE || !name.matches("[A-Za-z]{4}")) {
                return malformed("no PNG chunk", at);
            }
            long end = at + 12 + size;
            if (end > bytes.length()) {
                return truncated("chunk " + name, at);
            }
            CRC32 sum = new CRC32();
            bytes.sum(sum, at + 4, end - 4);
            if (sum.getValue() != bytes.u32(end - 4)) {
                remark("wrong checksum of " + name);
            }
            switch (name) {
                case "IHDR" -> measured(bytes.u32(at + 8), bytes.u32(at + 12));
                case "IDAT" -> data = true;
                case "IEND" -> {
                    if (!data) {
                        remark("no picture data");
                    }
                    remarkTrailer(end);
                    return complete();
                }
                default -> {}
            }
            at = end;
        }
    }
}
